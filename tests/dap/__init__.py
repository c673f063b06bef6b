"""VSCode's debugger without VSCode: launch.json, the lessons' stops, several processes."""
