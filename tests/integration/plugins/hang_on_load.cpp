// Never comes back from being loaded.
namespace {

struct Hang {
  Hang() {
    while (true) {
      static volatile unsigned counter;
      counter = counter + 1U;
    }
  }
};
const Hang hang;

}  // namespace
