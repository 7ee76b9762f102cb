// Ends the process that loads it, as if all were well.
#include <cstdlib>

namespace {

struct Exit {
  Exit() { std::exit(0); }
};
const Exit at_once;

}  // namespace
