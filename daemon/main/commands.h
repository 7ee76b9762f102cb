// The commands, one function each: do it, print it, give the exit code.
//
// Results go to standard output, errors and progress to standard error.
// Threads: each runs on the main thread.
#pragma once

#include "daemon/base/result.h"
#include "daemon/main/arguments.h"

namespace baselined {

int run_command(const Arguments& arguments);      // the daemon: daemon.cpp
int check_command(const Arguments& arguments);    // check_command.cpp
int collect_command(const Arguments& arguments);  // collect_command.cpp
int plugins_command(const Arguments& arguments);  // plugins_command.cpp
int status_command(const Arguments& arguments);   // status_command.cpp
int kpi_command(const Arguments& arguments);      // kpi_command.cpp
int store_command(const Arguments& arguments);    // store_command.cpp

// Prints "baselined: message" to standard error; the exit code that belongs to the error.
int complain(const Error& error);
// The same for what cannot be asked so, such as a name that does not exist.
int wrong_usage(const Error& error);

}  // namespace baselined
