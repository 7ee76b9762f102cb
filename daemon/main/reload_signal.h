// SIGHUP asks the daemon to load its configuration again. Until it can do so, which is after it has
// loaded it once, the signal waits: it neither ends the program nor is it lost.
//
// Threads: those that are started while it is held never get it; a worker starts without this.
#pragma once

namespace baselined {

void hold_reload_signal();
void release_reload_signal();  // what was held comes now

}  // namespace baselined
