#include "handle.h"

#include "text.h"

namespace baselined::git {

std::string last_error() {
  const git_error* error = git_error_last();
  if (error == nullptr || error->message == nullptr) {
    return "no reason given";
  }
  return make_utf8(error->message);
}

void check(int status, std::string_view what) {
  if (status < 0) {
    throw GitError(std::string(what) + ": " + last_error());
  }
}

}  // namespace baselined::git
