// glibc 2.36 forgot the `extern "C"` in its header.
#pragma once

#include <csignal>

extern "C" {
#include <sys/pidfd.h>
}
