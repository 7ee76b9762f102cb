#include <baselined/cassette.h>

#include <fstream>
#include <iterator>
#include <system_error>

namespace baselined::cassette {
namespace {

namespace fs = std::filesystem;

Parsed<std::string> read_file(const fs::path& file) {
  std::error_code failure;
  if (!fs::is_regular_file(file, failure)) {
    return {{}, failure ? failure.message() : "not a regular file"};
  }
  std::ifstream stream(file, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
  if (!stream.is_open() || stream.bad()) {
    return {{}, "cannot be read"};
  }
  return {std::move(text), {}};
}

// Of the files that are exchanges by their name; what else lies in the folder is not looked at.
Parsed<std::size_t> count_exchanges(const fs::path& folder) {
  std::error_code failure;
  std::size_t count = 0;
  std::size_t last = 0;
  for (fs::directory_iterator each(folder, failure), end; !failure && each != end;
       each.increment(failure)) {
    const std::string name = each->path().filename().string();
    const std::size_t digits = name.find_first_not_of("0123456789");
    if (digits >= 4 && digits <= 9 && name.substr(digits) == ".json") {
      const std::size_t number = std::stoul(name.substr(0, digits));
      if (number > 0 && name == exchange_file(number)) {
        ++count;
        last = std::max(last, number);
      }
    }
  }
  if (failure) {
    return {{}, failure.message()};
  }
  for (std::size_t number = 1; number <= last && count < last; ++number) {
    if (!fs::exists(folder / exchange_file(number), failure)) {
      return {{}, exchange_file(number) + " is missing"};
    }
  }
  return {count, {}};
}

Parsed<Cassette> problem_in(const fs::path& folder, const std::string& problem) {
  return {{}, "the cassette " + folder.string() + ": " + problem};
}

}  // namespace

Parsed<Cassette> read_cassette(const fs::path& folder) {
  const Parsed<std::string> index_file = read_file(folder / kIndexFile);
  if (!index_file.value) {
    return problem_in(folder, std::string(kIndexFile) + ": " + index_file.problem);
  }
  const Parsed<Index> index = parse_index(*index_file.value);
  if (!index.value) {
    return problem_in(folder, std::string(kIndexFile) + ": " + index.problem);
  }
  const Parsed<std::size_t> count = count_exchanges(folder);
  if (!count.value) {
    return problem_in(folder, count.problem);
  }
  if (index.value->exchanges.value_or(*count.value) != *count.value) {
    return problem_in(folder, std::to_string(*count.value) + " exchanges, but " +
                                  std::string(kIndexFile) + " says " +
                                  std::to_string(*index.value->exchanges));
  }
  Cassette cassette{
      folder.string(), index.value->recorded_at_us, index.value->exchanges.has_value(), {}};
  for (std::size_t number = 1; number <= *count.value; ++number) {
    const std::string name = exchange_file(number);
    const Parsed<std::string> file = read_file(folder / name);
    Parsed<Exchange> exchange =
        file.value ? parse_exchange(*file.value) : Parsed<Exchange>{{}, file.problem};
    if (!exchange.value) {
      return problem_in(folder, name + ": " + exchange.problem);
    }
    cassette.exchanges.push_back(std::move(*exchange.value));
  }
  return {std::move(cassette), {}};
}

}  // namespace baselined::cassette
