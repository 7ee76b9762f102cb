// Tells a service manager that the daemon is ready: with Type=notify a start that fails is seen as
// one, and no reload (SIGHUP) comes before the program can take it.
#pragma once

namespace baselined {

// READY=1 to $NOTIFY_SOCKET, which is removed from the environment; nothing where it is not set.
// Waits up to five seconds for a manager whose queue is full.
// Source: sd_notify(3), "Standalone Implementations".
void notify_ready();

}  // namespace baselined
