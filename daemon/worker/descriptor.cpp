#include "daemon/worker/descriptor.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <span>

#include "daemon/base/json.h"
#include "daemon/base/utf8.h"
#include "daemon/wire/rows.h"

namespace baselined::worker {
namespace {

constexpr std::size_t kMaxIdBytes = 128;
constexpr std::size_t kMaxTextBytes = 4096;
constexpr std::size_t kMaxSchemaBytes = std::size_t{256} << 10U;
constexpr std::uint32_t kMaxStreams = 256;
constexpr std::size_t kMaxNameBytes = 63;
constexpr std::uint64_t kColumnFlags = BL_COL_KEY | BL_COL_REQUIRED | BL_COL_PERSONAL;
constexpr std::uint32_t kCapabilities = BL_CAP_HTTP | BL_CAP_NET_DIRECT | BL_CAP_FS_READ |
                                        BL_CAP_SECRET_RAW | BL_CAP_THREADS | BL_CAP_EXEC;

template <class... Args>
Error wrong(fmt::format_string<Args...> format, Args&&... args) {
  return {Error::Code::config, fmt::format(format, std::forward<Args>(args)...)};
}

bool is_lower(char character) { return character >= 'a' && character <= 'z'; }
bool is_digit(char character) { return character >= '0' && character <= '9'; }

// [a-z][a-z0-9_]{0,62}
bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= kMaxNameBytes && is_lower(text[0]) &&
         std::all_of(text.begin(), text.end(), [](char character) {
           return is_lower(character) || is_digit(character) || character == '_';
         });
}

// "commit/1"
bool is_contract(std::string_view text) {
  const auto slash = text.find('/');
  if (slash == std::string_view::npos || !is_name(text.substr(0, slash))) {
    return false;
  }
  const std::string_view version = text.substr(slash + 1);
  return !version.empty() && version.size() <= 4 && version[0] != '0' &&
         std::all_of(version.begin(), version.end(), is_digit);
}

// At least two labels of letters, digits and hyphens: "org.example.tickets".
bool is_reverse_dns(std::string_view text) {
  std::size_t labels = 0;
  while (true) {
    const std::string_view label = text.substr(0, text.find('.'));
    const bool is_label =
        !label.empty() && label.front() != '-' && label.back() != '-' &&
        std::all_of(label.begin(), label.end(), [](char character) {
          return is_lower(character) || is_digit(character) || character == '-' || character == '_';
        });
    if (!is_label) {
      return false;
    }
    ++labels;
    if (label.size() == text.size()) {
      return labels >= 2;
    }
    text.remove_prefix(label.size() + 1);
  }
}

// "1.2.3", with an optional "-rc.1" or "+build" after it.
bool is_version(std::string_view text) {
  const std::string_view core = text.substr(0, text.find_first_of("-+"));
  const auto digits = std::count_if(core.begin(), core.end(), is_digit);
  const auto dots = std::count(core.begin(), core.end(), '.');
  return dots == 2 && static_cast<std::size_t>(digits + dots) == core.size() &&
         is_digit(core.front()) && is_digit(core.back()) &&
         core.find("..") == std::string_view::npos;
}

// One line of UTF-8 that is not too long.
Status check_text(bl_str text, std::string_view what, std::size_t max_bytes) {
  if (text.ptr == nullptr && text.len != 0) {
    return wrong("{} is a null pointer", what);
  }
  if (text.len > max_bytes) {
    return wrong("{} has {} bytes; at most {} are accepted", what, text.len, max_bytes);
  }
  const std::string_view view = to_view(text);
  if (!is_utf8(view)) {
    return wrong("{} is not UTF-8", what);
  }
  if (std::any_of(view.begin(), view.end(),
                  [](char character) { return character >= 0 && character < ' '; })) {
    return wrong("{} contains control characters", what);
  }
  return {};
}

Status check_identity(const bl_plugin& plugin) {
  BL_CHECK(check_text(plugin.id, "the id", kMaxIdBytes));
  if (!is_reverse_dns(to_view(plugin.id))) {
    return wrong("the id \"{}\" is not of the form org.example.name", to_view(plugin.id));
  }
  BL_CHECK(check_text(plugin.version, "the version", kMaxIdBytes));
  if (!is_version(to_view(plugin.version))) {
    return wrong("the version \"{}\" is not of the form 1.2.3", to_view(plugin.version));
  }
  BL_CHECK(check_text(plugin.summary, "the summary", kMaxTextBytes));
  return {};
}

Status check_schema(bl_str schema) {
  if (schema.ptr == nullptr || schema.len > kMaxSchemaBytes) {
    return wrong("the configuration schema is missing or too long");
  }
  const auto parsed = parse_json(to_view(schema));
  if (!parsed) {
    return wrong("the configuration schema is {}", parsed.error().message());
  }
  if (!parsed->is_object()) {
    return wrong("the configuration schema is not a JSON object");
  }
  return {};
}

Status check_column(const bl_column& column) {
  BL_CHECK(check_text(column.name, "the name", kMaxNameBytes));
  if (!is_name(to_view(column.name))) {
    return wrong("its name is not of the form [a-z][a-z0-9_]*");
  }
  BL_CHECK(check_text(column.description, "the description", kMaxTextBytes));
  if (column.type < BL_BOOL || column.type > BL_DECIMAL) {
    return wrong("type {} does not exist", column.type);
  }
  if ((column.flags & ~kColumnFlags) != 0 ||
      std::any_of(std::begin(column.reserved), std::end(column.reserved),
                  [](std::uint8_t byte) { return byte != 0; })) {
    return wrong("it has flags that do not exist");
  }
  if ((column.flags & BL_COL_KEY) != 0 && (column.flags & BL_COL_REQUIRED) == 0) {
    return wrong("a key column must be required");
  }
  return {};
}

Status check_stream(const bl_stream& stream) {
  BL_CHECK(check_text(stream.contract, "the contract", kMaxIdBytes));
  if (!is_contract(to_view(stream.contract))) {
    return wrong("the contract \"{}\" is not of the form name/1", to_view(stream.contract));
  }
  BL_CHECK(check_text(stream.description, "the description", kMaxTextBytes));
  if (stream.flags != 0) {
    return wrong("it has flags that do not exist");
  }
  if (stream.columns == nullptr || stream.n_columns == 0 || stream.n_columns > wire::kMaxColumns) {
    return wrong("it has {} columns; 1 to {} are accepted", stream.n_columns, wire::kMaxColumns);
  }
  std::set<std::string_view> names;
  bool has_key = false;
  std::size_t number = 0;
  for (const bl_column& column : std::span(stream.columns, stream.n_columns)) {
    ++number;
    if (Status checked = check_column(column); !checked) {
      const bool has_name = column.name.ptr != nullptr && is_name(to_view(column.name));
      return std::move(checked).error().with(has_name
                                                 ? fmt::format("column {}", to_view(column.name))
                                                 : fmt::format("column number {}", number));
    }
    if (!names.insert(to_view(column.name)).second) {
      return wrong("column {} is there twice", to_view(column.name));
    }
    has_key = has_key || (column.flags & BL_COL_KEY) != 0;
  }
  return has_key ? Status() : wrong("it has no key column");
}

Status check_streams(const bl_plugin& plugin) {
  if (plugin.streams == nullptr || plugin.n_streams == 0 || plugin.n_streams > kMaxStreams) {
    return wrong("it has {} streams; 1 to {} are accepted", plugin.n_streams, kMaxStreams);
  }
  std::set<std::string_view> names;
  for (std::uint32_t number = 0; number < plugin.n_streams; ++number) {
    const bl_stream& stream = plugin.streams[number];
    const Status named = check_text(stream.name, "the name", kMaxNameBytes);
    if (!named || !is_name(to_view(stream.name))) {
      return wrong("stream number {}: its name is not of the form [a-z][a-z0-9_]*", number + 1);
    }
    if (!names.insert(to_view(stream.name)).second) {
      return wrong("stream {} is there twice", to_view(stream.name));
    }
    if (Status checked = check_stream(stream); !checked) {
      return std::move(checked).error().with(fmt::format("stream {}", to_view(stream.name)));
    }
  }
  return {};
}

}  // namespace

Status check_descriptor(const bl_plugin* plugin) {
  if (plugin == nullptr) {
    return wrong("it needs a newer baselined: ABI {}.{} is too old for it", BL_ABI_MAJOR,
                 BL_ABI_MINOR);
  }
  // Nothing behind the size may be read before it is known to be there.
  if (plugin->struct_size < sizeof(bl_plugin)) {
    return wrong("its descriptor has {} bytes; at least {} are needed", plugin->struct_size,
                 sizeof(bl_plugin));
  }
  if (plugin->abi_major != BL_ABI_MAJOR || plugin->abi_minor > BL_ABI_MINOR) {
    return wrong("it was built for ABI {}.{}; this is ABI {}.{}", plugin->abi_major,
                 plugin->abi_minor, BL_ABI_MAJOR, BL_ABI_MINOR);
  }
  if (plugin->create == nullptr || plugin->collect == nullptr || plugin->destroy == nullptr ||
      plugin->get_extension == nullptr) {
    return wrong("one of its functions is a null pointer");
  }
  if ((plugin->capabilities & ~kCapabilities) != 0) {
    return wrong("it asks for capabilities that do not exist");
  }
  BL_CHECK(check_identity(*plugin));
  BL_CHECK(check_schema(plugin->config_schema));
  return check_streams(*plugin);
}

}  // namespace baselined::worker
