// What a thing on the page means and which part of vLLM is behind it, for its tooltip: [English, Chinese].

const EXPLANATIONS = {
  first: { text: ["Home", "Home 键"] },
  back: { text: ["← one step, Shift+← ten", "← 一步，Shift+← 十步"] },
  play: { text: ["Space", "空格键"] },
  forward: { text: ["→ one step, Shift+→ ten", "→ 一步，Shift+→ 十步"] },
  last: { text: ["End", "End 键"] },
  eventBack: { text: ["Back to where a request came, was preempted or left. Key P", "回到上一次有请求到达、被抢占或离开的步。P 键"] },
  eventForward: { text: ["On to where a request comes, is preempted or leaves. Key N", "跳到下一次有请求到达、被抢占或离开的步。N 键"] },
  zoomIn: { text: ["Fewer steps, wider. Key +", "显示更少的步，每步更宽。+ 键"] },
  zoomOut: { text: ["More steps at once. Key −", "一次显示更多步。− 键"] },
  took: {
    text: [
      "One engine step: schedule() picks requests and blocks, the model runs once for the whole batch, update_from_output() takes the sampled tokens in.",
      "引擎的一个调度步：schedule() 选出请求并分配块，模型对整个批次执行一次前向，update_from_output() 收下采样到的 token。",
    ],
    symbols: ["schedule", "update_from_output"],
  },
  budget: {
    text: [
      "The most tokens that one step may compute, over all requests. Running requests are served first; what is left goes to waiting ones.",
      "一步最多计算多少 token（所有请求合计）。先满足运行中的请求，余下的给等待的请求。",
    ],
    symbols: ["budget", "schedule"],
  },
  queues: {
    text: [
      "Running requests hold blocks. Waiting ones do not; a preempted request goes back to the front of the waiting queue.",
      "运行队列里的请求持有块，等待队列里的不持有；被抢占的请求回到等待队列的最前面。",
    ],
    symbols: ["schedule", "status"],
  },
  pool: {
    text: [
      "K and V of every token live in blocks of fixed size. A block that someone holds is used; a free one may still hold content that the prefix cache can find.",
      "每个 token 的 K 和 V 都存放在固定大小的块里。有请求持有的块是在用的；空闲块的内容可能仍可被前缀缓存命中。",
    ],
    symbols: ["block_pool", "free_queue"],
  },
  state_w: { text: ["In the waiting queue: no blocks, no computation.", "在等待队列中：没有块，也不计算。"], symbols: ["add_request"] },
  state_p: {
    text: ["All that was left of the prompt is computed in one step, and the first token comes out.", "一步算完提示词剩下的全部 token，并产出第一个 token。"],
    symbols: ["schedule", "allocate_slots"],
  },
  state_c: {
    text: [
      "Chunked prefill: a part of the prompt, as the token budget did not allow all of it.",
      "分块预填充：token 预算不够一次算完，这一步只计算提示词的一部分。",
    ],
    symbols: ["schedule", "budget"],
  },
  state_d: {
    text: ["One new token (more with accepted drafts); only its own K and V are computed.", "产出一个新 token（草稿被接受时更多）；只计算它自己的 K 和 V。"],
    symbols: ["schedule", "update_from_output"],
  },
  state_i: { text: ["It keeps its blocks but got no tokens in this step.", "保留着块，但本步没有分到 token。"], symbols: ["schedule"] },
  state_x: {
    text: [
      "The pool ran out of blocks. It gave all of its own back, waits again, and will compute anew what the prefix cache no longer has.",
      "块用完了。它归还了全部的块，重新等待；恢复后，前缀缓存里找不到的部分要重算。",
    ],
    symbols: ["preempt"],
  },
  recompute: {
    text: ["Work done twice: the prefill of a preempted request, prompt and generated tokens alike.", "做了两遍的工作：被抢占的请求重新预填充，包括提示词和已生成的 token。"],
    symbols: ["preempt", "schedule"],
  },
  state_f: { text: ["Its blocks go back to the pool.", "它的块已归还块池。"], symbols: ["free_request", "free_blocks"] },
  arrived: { text: ["Put into the waiting queue.", "进入等待队列。"], symbols: ["add_request"] },
  admitted: {
    text: [
      "It leaves the waiting queue: blocks with the same prefix are taken from the prefix cache, the others are allocated.",
      "离开等待队列：前缀相同的块直接取自前缀缓存，其余的新分配。",
    ],
    symbols: ["get_computed_blocks", "allocate_slots"],
  },
  preempted: {
    text: [
      "No free block for a running request: the last one in the running queue must give all of its blocks back.",
      "运行中的请求需要新块而块池已空：运行队列中最后一个请求必须归还它的全部块。",
    ],
    symbols: ["preempt", "free_blocks"],
  },
  finished: { text: ["stop: an end token; length: the most tokens allowed; abort: called off.", "stop：遇到结束 token；length：达到长度上限；abort：被取消。"], symbols: ["update_from_output", "free_request"] },
  endedBetween: { text: ["As by an abort, while no step ran.", "例如在两步之间被取消。"], symbols: ["finish_requests"] },
  drafts: {
    text: [
      "Speculative decoding: proposed tokens are checked in one forward pass; those up to the first mismatch are kept.",
      "投机解码：一次前向验证多个草稿 token，保留第一个不符之前的部分。",
    ],
    symbols: ["rejection", "update_from_output"],
  },
  owned: { text: ["At least one request holds this block.", "至少有一个请求持有该块。"], symbols: ["block", "get_new_blocks"] },
  fresh: { text: WORDS.blockNew, symbols: ["allocate_slots", "get_new_blocks"] },
  shared: { text: ["Several requests with the same prefix hold the same block.", "前缀相同的多个请求持有同一个块。"], symbols: ["touch", "get_computed_blocks"] },
  kept: { text: WORDS.blockKept, symbols: ["evict", "free_queue"] },
  free: { text: WORDS.blockFree, symbols: ["free_queue", "get_new_blocks"] },
  nullBlock: { text: WORDS.blockNull, symbols: ["block_pool"] },
  incache: { text: WORDS.blockInCache, symbols: ["cache_full_blocks"] },
  token: { text: ["", ""], symbols: ["slot_mapping"] },
  row: { text: ["", ""], symbols: ["block", "block_table"] },
};
