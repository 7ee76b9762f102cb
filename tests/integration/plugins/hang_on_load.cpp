// Never comes back from being loaded.
namespace {

struct Hang {
  Hang() {
    while (true) {
      static volatile int counter;
      counter = counter + 1;
    }
  }
};
const Hang hang;

}  // namespace
