// Every text on the page, English and Chinese side by side. Knows nothing of recordings.

const plural = (n, one, many) => `${n} ${n === 1 ? one : many ?? one + "s"}`;
const requests = (n) => plural(n, "request");
const tokens = (n) => plural(n, "token");
const blocks = (n) => plural(n, "block");

const WORDS = {
  title: ["vLLM time machine", "vLLM 时间机器"],
  otherLanguage: ["中文", "English"],
  dark: ["Dark", "深色"],
  light: ["Light", "浅色"],
  subtitle: [
    (v) => `${v.model} · vLLM ${v.vllm}, ${v.scheduler} · ${v.device}`,
    (v) => `${v.model} · vLLM ${v.vllm}，${v.scheduler} · ${v.device}`,
  ],
  compared: ["Two recordings, scrubbed together", "两份录制，同步回放"],
  speed: ["speed", "速度"],
  perSecond: [(v) => `${v.n} steps/s`, (v) => `每秒 ${v.n} 步`],
  axis: ["axis", "横轴"],
  byStep: ["steps", "按步"],
  byTime: ["time", "按时间"],
  transport: ["Playback", "回放控制"],
  slider: ["Engine step", "引擎调度步"],
  position: [(v) => `Step ${v.n} of ${v.of}`, (v) => `第 ${v.n} / ${v.of} 步`],
  noSteps: ["No step was recorded: the engine ended before its first one.", "没有录到任何调度步：引擎在第一步之前就结束了。"],
  first: ["First step", "第一步"],
  back: ["One step back", "后退一步"],
  forward: ["One step on", "前进一步"],
  last: ["Last step", "最后一步"],
  play: ["Play", "播放"],
  pause: ["Pause", "暂停"],
  eventBack: ["‹ event", "‹ 事件"],
  eventForward: ["event ›", "事件 ›"],
  zoomIn: ["Zoom in on the lanes", "放大泳道"],
  zoomOut: ["Zoom out", "缩小"],
  help: [
    "Keys: ← → one step · Shift ten steps · Home End · Space plays · N P next and previous event · + − zoom · Esc closes an explanation. Click a lane to go to that step, a block to see its request.",
    "快捷键：← → 一步 · 加 Shift 十步 · Home End · 空格播放 · N P 下一个、上一个事件 · + − 缩放 · Esc 关闭说明。点击泳道跳到该步，点击块查看持有它的请求。",
  ],
  cut: [
    (v) => `This recording was cut: it reached its size limit after step ${v.n}. The engine ran on, unrecorded.`,
    (v) => `录制被截断：第 ${v.n} 步后达到大小上限。引擎继续运行，但没有再录。`,
  ],
  killed: [
    "This recording has no end: the run was killed or is still going. What it did up to the last step is all here.",
    "录制没有结尾：进程被强行终止，或仍在运行。截至最后一步的内容完整。",
  ],
  damaged: [
    (v) => `The file is damaged at line ${v.n}: what stands before it is shown.`,
    (v) => `文件从第 ${v.n} 行起损坏：这里显示它之前的内容。`,
  ],
  async: [
    "Asynchronous scheduling: a step is scheduled before the one before it has ended, so the times of steps overlap.",
    "异步调度：前一步还没结束就开始调度下一步，所以各步的时间相互重叠。",
  ],

  step: ["Step", "步"],
  ended: [(v) => `ended at step ${v.n}`, (v) => `已在第 ${v.n} 步结束`],
  took: ["This step took", "本步耗时"],
  unknown: ["not seen to end", "没有录到本步结束"],
  parts: [
    (v) => `schedule ${v.s} · model ${v.m} · update ${v.u}`,
    (v) => `调度 ${v.s} · 模型 ${v.m} · 更新 ${v.u}`,
  ],
  at: [(v) => `at ${v.t}`, (v) => `始于 ${v.t}`],
  budget: ["Token budget", "token 预算"],
  budgetLeft: [(v) => `${v.n} left`, (v) => `剩余 ${v.n}`],
  queues: ["Requests", "请求"],
  batch: ["in batch", "本步批次"],
  running: ["running", "运行队列"],
  waiting: ["waiting", "等待队列"],
  pool: ["KV cache blocks", "KV 缓存块"],
  used: ["used", "占用"],
  free: ["free", "空闲"],
  cached: ["in prefix cache", "在前缀缓存中"],
  ofFree: [(v) => `${v.n} of the free ones still cached`, (v) => `空闲块中 ${v.n} 个仍有缓存`],

  lanesHeading: ["What each request does, step by step", "每个请求每一步在做什么"],
  poolHeading: ["The block pool in this step", "本步的块池"],
  poolNote: [(v) => `${blocks(v.n)} of ${tokens(v.size)} each`, (v) => `共 ${v.n} 块，每块 ${v.size} 个 token`],
  requestHeading: ["Block table of", "块表："],
  eventsHeading: ["Events of this step", "本步事件"],
  sources: ["Where this is in vLLM's source", "在 vLLM 源码中的位置"],

  state_w: ["waiting", "等待"],
  state_p: ["prefill", "预填充"],
  state_c: ["chunk", "分块"],
  state_d: ["decode", "解码"],
  state_i: ["running, not in this batch", "在运行队列，不在本批次"],
  state_x: ["preempted", "被抢占"],
  state_f: ["finished", "已结束"],
  state_P: ["prefill, recomputing", "重算（预填充）"],
  state_C: ["chunk, recomputing", "重算（分块）"],
  state_: ["not there yet", "尚未到达"],
  key_recompute: ["recompute", "重算"],

  key_owned: ["held: its owner's number; the fill shows how full", "占用：数字是请求编号，填充高度表示已用槽位的比例"],
  key_shared: ["shared ×2", "共享 ×2"],
  key_fresh: ["new in this step", "本步新分配"],
  key_kept: ["free, still cached", "空闲，仍有缓存"],
  key_free: ["free", "空闲"],
  key_null: ["null block", "占位块（null block）"],
  key_incache: ["held, in prefix cache", "占用，且在前缀缓存中"],

  quiet: ["No request came, left or was preempted.", "没有请求到达、离开或被抢占。"],
  arrived: [(v) => `${v.who} arrived`, (v) => `${v.who} 到达`],
  admitted: [(v) => `${v.who} admitted`, (v) => `${v.who} 被调度`],
  resumed: [(v) => `${v.who} resumed`, (v) => `${v.who} 恢复`],
  hit: [
    (v) => `, ${tokens(v.hit)}${v.many ? " each" : ""} found in the prefix cache (${blocks(v.shared)})`,
    (v) => `，前缀缓存${v.many ? "各" : ""}命中 ${v.hit} 个 token（${v.shared} 块）`,
  ],
  noHit: [", nothing in the prefix cache", "，前缀缓存未命中"],
  preempted: [
    (v) => `${v.who} preempted: ${tokens(v.lost)} of computed K and V dropped, ${blocks(v.blocks)} given back`,
    (v) => `${v.who} 被抢占：放弃已算的 ${v.lost} 个 token，归还 ${v.blocks} 块`,
  ],
  kept: [(v) => `, ${v.n} of them still cached`, (v) => `，其中 ${v.n} 块仍有缓存`],
  finished: [(v) => `${v.who} finished (${v.reason})`, (v) => `${v.who} 结束（${v.reason}）`],
  endedBetween: [(v) => `${v.who} ended between two steps (${v.reason})`, (v) => `${v.who} 在两步之间结束（${v.reason}）`],
  drafts: [
    (v) => `${tokens(v.n)} drafted, ${v.accepted} accepted`,
    (v) => `草稿 ${v.n} 个 token，接受 ${v.accepted} 个`,
  ],
  draftsUnknown: [(v) => `${tokens(v.n)} drafted`, (v) => `草稿 ${v.n} 个 token`],
  request: [(v) => `request ${v.id}`, (v) => `请求 ${v.id}`],
  manyRequests: [(v) => `requests ${v.ids}`, (v) => `请求 ${v.ids}`],

  sayStep: [(v) => `Step ${v.n}: `, (v) => `第 ${v.n} 步：`],
  sayNothing: ["the engine ran no request.", "引擎没有执行任何请求。"],
  say_p: [(v) => `${requests(v.n)} ${v.n === 1 ? "prefills" : "prefill"} (${tokens(v.tokens)})`, (v) => `${v.n} 个请求预填充（${v.tokens} 个 token）`],
  say_c: [
    (v) => `${requests(v.n)} ${v.n === 1 ? "prefills" : "prefill"} a chunk (${tokens(v.tokens)})`,
    (v) => `${v.n} 个请求预填充一块（${v.tokens} 个 token）`,
  ],
  say_r: [
    (v) => `${requests(v.n)} ${v.n === 1 ? "recomputes" : "recompute"} (${tokens(v.tokens)})`,
    (v) => `${v.n} 个请求重算（${v.tokens} 个 token）`,
  ],
  say_d: [(v) => `${requests(v.n)} ${v.n === 1 ? "decodes" : "decode"} (${tokens(v.tokens)})`, (v) => `${v.n} 个请求解码（${v.tokens} 个 token）`],
  say_w: [(v) => `${v.n} ${v.n === 1 ? "waits" : "wait"}`, (v) => `${v.n} 个等待`],
  and: [", ", "，"],
  stop: [".", "。"],

  following: ["first in the batch", "批次中的第一个"],
  computed: ["KV computed", "已计算的 KV"],
  computedValue: [(v) => `${v.from} → ${tokens(v.to)}`, (v) => `${v.from} → ${v.to} 个 token`],
  scheduledHere: ["this step", "本步"],
  prompt: ["prompt", "提示词"],
  generated: ["generated before", "此前已生成"],
  generatedValue: [(v) => (v.max === null ? v.n : `${v.n} of at most ${v.max}`), (v) => (v.max === null ? v.n : `${v.n}，上限 ${v.max}`)],
  sampled: ["this step gives", "本步产出"],
  draftLine: ["drafts", "草稿"],
  hitLine: ["prefix hit", "前缀命中"],
  colIndex: ["Logical", "逻辑块"],
  colBlock: ["Block", "块"],
  colFill: ["Filled", "已用"],
  colTokens: ["Tokens whose K and V it holds", "存有哪些 token 的 K 和 V"],
  colNotes: ["", ""],
  newBlock: ["new", "新分配"],
  sharedWith: [(v) => `shared with ${v.who}`, (v) => `与${v.who} 共享`],
  isCached: ["in prefix cache", "在前缀缓存中"],
  noTable: ["It holds no blocks in this step.", "本步不持有任何块。"],
  more: [(v) => `… ${blocks(v.n)} more: show all`, (v) => `… 还有 ${v.n} 块：全部显示`],
  fewer: ["show fewer", "收起"],
  newHere: ["computed in this step", "本步计算"],

  poolLabel: [
    (v) => `Block pool, ${v.used} of ${v.usable} blocks used. With the arrow keys, move from block to block.`,
    (v) => `块池，共 ${v.usable} 块，占用 ${v.used} 块。用方向键逐块查看。`,
  ],
  lanesLabel: ["Timeline of the requests; the same as text in the table below.", "请求时间线；文字版见下方的表。"],
  blockNumber: [(v) => `Block ${v.n}`, (v) => `块 ${v.n}`],
  blockHeld: [(v) => `Held by ${v.who}: logical block ${v.index} of its block table.`, (v) => `由${v.who} 持有：是其块表的逻辑块 ${v.index}。`],
  blockFill: [(v) => `${v.n} of ${v.size} slots filled.`, (v) => `${v.size} 个槽位已用 ${v.n} 个。`],
  blockShared: [
    (v) => `Shared: ref_cnt is ${v.n}. One copy of K and V serves ${v.who}.`,
    (v) => `共享：ref_cnt 为 ${v.n}。${v.who} 共用同一份 K 和 V。`,
  ],
  blockNew: ["Allocated in this step.", "本步分配。"],
  blockInCache: ["Full and in the prefix cache: a request with the same prefix can share it.", "已写满并进入前缀缓存：前缀相同的请求可以共享它。"],
  blockKept: [
    "Nobody holds it, yet its content can still be found by hash, until the block is handed out again.",
    "没有请求持有它，但内容仍可按哈希命中，直到该块被再次分配。",
  ],
  blockFree: ["Free: next in line for whoever needs one.", "空闲：随时可以分配。"],
  blockNull: ["Block 0, the null block: a placeholder that no request ever gets.", "块 0，即占位块（null block）：不分配给任何请求。"],

  cellTitle: [(v) => `Request ${v.id}, step ${v.n}`, (v) => `请求 ${v.id}，第 ${v.n} 步`],
  cellTokens: [(v) => `${tokens(v.n)} scheduled; ${v.computed} were computed before.`, (v) => `调度 ${v.n} 个 token；此前已计算 ${v.computed} 个。`],
  tokenTitle: [(v) => `Token ${v.id}`, (v) => `token ${v.id}`],
  tokenPlace: [
    (v) => `Position ${v.p}. Slot ${v.block} × ${v.size} + ${v.offset} = ${v.slot}.`,
    (v) => `位置 ${v.p}。槽位 ${v.block} × ${v.size} + ${v.offset} = ${v.slot}。`,
  ],
  tokenDraft: ["A draft token.", "草稿 token。"],
  tokenIds: [(v) => `Token ids: ${v.ids}`, (v) => `token id：${v.ids}`],
};

let language = 0; // the column of WORDS

function t(key, values = {}) {
  const text = WORDS[key][language];
  return typeof text === "function" ? String(text(values)) : text;
}
