// Remembers a number in its cursor, and at every run adds as many refs as its options say.
// Built three times: as it is, as a later version, and as one that keeps its version and changes
// the order of its columns.
#include <baselined/plugin.hpp>
#include <charconv>
#include <stdexcept>
#include <string>

namespace {

constexpr bl_column kColumns[] = {
    baselined::column("repository", BL_TEXT, BL_COL_KEY | BL_COL_REQUIRED),
    baselined::column("kind", BL_TEXT, BL_COL_KEY | BL_COL_REQUIRED),
#ifdef TINY_OTHER_ORDER
    baselined::column("target", BL_TEXT, BL_COL_KEY | BL_COL_REQUIRED),
    baselined::column("name", BL_TEXT, BL_COL_KEY | BL_COL_REQUIRED),
#else
    baselined::column("name", BL_TEXT, BL_COL_KEY | BL_COL_REQUIRED),
    baselined::column("target", BL_TEXT, BL_COL_KEY | BL_COL_REQUIRED),
#endif
    baselined::column("sha", BL_TEXT, BL_COL_REQUIRED),
    baselined::column("annotated", BL_BOOL, BL_COL_REQUIRED)};
constexpr bl_stream kStreams[] = {baselined::stream("refs", "ref/1", kColumns)};
constexpr baselined::About kAbout{
    .id = "org.example.tiny", .version = TINY_VERSION, .summary = "Refs out of thin air"};
constexpr const char* kOid = "0123456789abcdef0123456789abcdef01234567";

int number_in(std::string_view text) {
  const std::size_t digits = text.find_first_of("0123456789");
  int number = 0;
  if (digits != std::string_view::npos) {
    std::from_chars(text.data() + digits, text.data() + text.size(), number);
  }
  return number;
}

class Tiny {
 public:
  Tiny(std::string_view options, baselined::Run& /*run*/)
      : count_(number_in(options)), fails_(options.find("fail") != std::string_view::npos) {}

  void collect(baselined::Run& run) {
    const int first = number_in(run.cursor("refs"));
    for (int number = first; number < first + count_; ++number) {
      run.emit(0, {"example/shop", "tag", "v" + std::to_string(number), kOid, kOid, false});
    }
    if (fails_) {
      throw std::runtime_error("out of thin air");
    }
    run.coverage(0, "shop", {0}, run.now());
    run.open_set_put(0, "shop", std::vector<std::string>{"open"});
    run.progress(static_cast<std::uint64_t>(count_), 0, "refs");
    run.commit("refs", std::to_string(first + count_));
  }

 private:
  int count_;
  bool fails_;
};

}  // namespace

BL_PLUGIN(Tiny, kAbout, kStreams)
