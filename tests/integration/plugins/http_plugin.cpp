// A collector over HTTP: reads tags page by page and stores them with their coverage.
//
//   {"path": "/tags", "mode": "link" | "token" | "offset" | "conditional" | "echo"}
// A page is {"items": [{"name": "v1", "sha": "..."}], "next": "token", "total": 3}; a total is
// optional but for "offset". Written as an author would: what is not as expected is a failure,
// never an empty page. With "echo" it is careless instead: see echo().
#include <baselined/pages.hpp>
#include <baselined/plugin.hpp>

#include <algorithm>
#include <boost/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace {

using baselined::Failure;
using baselined::Response;
using baselined::Run;
namespace json = boost::json;

constexpr bl_column kColumns[] = {
    baselined::column("repository", BL_TEXT, BL_COL_KEY | BL_COL_REQUIRED),
    baselined::column("kind", BL_TEXT, BL_COL_KEY | BL_COL_REQUIRED),
    baselined::column("name", BL_TEXT, BL_COL_KEY | BL_COL_REQUIRED),
    baselined::column("target", BL_TEXT, BL_COL_KEY | BL_COL_REQUIRED),
    baselined::column("sha", BL_TEXT, BL_COL_REQUIRED),
    baselined::column("annotated", BL_BOOL, BL_COL_REQUIRED)};
constexpr bl_stream kStreams[] = {baselined::stream("refs", "ref/1", kColumns)};
constexpr baselined::About kAbout{.id = "org.example.http",
                                  .version = "1.0.0",
                                  .summary = "Reads tags over HTTP",
                                  .config_schema = R"({"type":"object","required":["path"],
  "properties":{"path":{"type":"string"},
                "mode":{"type":"string","enum":["link","token","offset","conditional","echo"],
                        "default":"link"}}})",
                                  .capabilities = BL_CAP_HTTP};
constexpr std::string_view kRepository = "example/http";
constexpr std::string_view kSha = "0123456789012345678901234567890123456789";  // of what is echoed

class Http {
 public:
  Http(std::string_view options, Run& /*run*/) {
    const json::object parsed = json::parse(options).as_object();
    path_ = std::string(parsed.at("path").as_string());
    mode_ = std::string(parsed.at("mode").as_string());
  }

  void collect(Run& run) {
    if (mode_ == "echo") {
      echo(run);
      return;
    }
    if (mode_ == "conditional") {
      baselined::Request request;
      request.url = path_;
      request.conditional = true;
      Response answer = run.send(request);
      if (!answer.is_unchanged()) {
        store(run, page_of(Run::succeeded(std::move(answer), request).body()));
      }
    } else {
      read_pages(run);
    }
    run.coverage(0, kRepository, {BL_BEGINNING}, run.now());
    run.commit("tags", "read");
  }

 private:
  void read_pages(Run& run) {
    baselined::Pages pages(run, path_);
    while (const auto page = pages.next()) {
      const json::object parsed = page_of(page->body());
      store(run, parsed);
      if (mode_ == "token") {
        const std::string token = text_of(parsed, "next");
        pages.follow(token.empty() ? "" : baselined::with_parameter(path_, "token", token));
      } else if (mode_ == "offset") {
        const std::size_t total = number_of(parsed, "total");
        pages.follow(n_items_ >= total
                         ? ""
                         : baselined::with_parameter(path_, "offset", std::to_string(n_items_)));
      }
    }
    if (total_ && names_.size() < *total_) {
      throw Failure(BL_ERR_DATA, "the source has " + std::to_string(*total_) +
                                     " tags, but its pages hold " + std::to_string(names_.size()));
    }
  }

  // Puts what it got, of whatever status, wherever a plugin can put text; then it waits for a
  // second answer, and fails with the first.
  void echo(Run& run) const {
    baselined::Request request;
    request.url = path_;
    request.conditional = true;
    Response answer = run.send(request);
    std::vector<std::string> texts = {std::string(answer.body())};
    for (const std::string_view header : {"X-Echo", "ETag", "Last-Modified", "Location", "Link",
                                          "WWW-Authenticate", "Set-Cookie"}) {
      texts.emplace_back(answer.header(header));
    }
    for (std::size_t number = 0; number < texts.size(); ++number) {
      run.emit(0,
               {std::to_string(number) + texts[number], "tag", texts[number], kSha, kSha, false});
      run.debug(texts[number]);
      run.warn(texts[number]);
    }
    run.coverage(0, texts[0], {BL_BEGINNING}, run.now(), texts[0]);
    run.open_set_put(0, texts[0], texts);
    run.progress(1, 2, texts[0]);
    run.commit(texts[0], texts[0]);
    try {
      run.get(path_ + "?part=second");
    } catch (const Failure& failure) {
      run.warn(failure.what());
    }
    throw Failure(BL_ERR_DATA, texts[0]);
  }

  // Too deep, not whole, not UTF-8: what the parser refuses is an answer that makes no sense.
  static json::object page_of(std::string_view body) {
    json::error_code failure;
    json::value parsed = json::parse(body, failure);
    if (failure || !parsed.is_object()) {
      throw Failure(BL_ERR_DATA, "the page of tags is no JSON object");
    }
    return std::move(parsed.as_object());
  }

  static const json::value& member(const json::object& object, std::string_view name) {
    const json::value* value = object.if_contains(name);
    if (value == nullptr) {
      throw Failure(BL_ERR_DATA, "the page of tags has another form: no " + std::string(name));
    }
    return *value;
  }
  static std::string text_of(const json::object& object, std::string_view name) {
    const json::value& value = member(object, name);
    if (!value.is_string()) {
      throw Failure(BL_ERR_DATA,
                    "the page of tags has another form: no text as " + std::string(name));
    }
    return std::string(value.get_string());
  }
  static std::size_t number_of(const json::object& object, std::string_view name) {
    const json::value& value = member(object, name);
    if (!value.is_int64() || value.get_int64() < 0) {
      throw Failure(BL_ERR_DATA,
                    "the page of tags has another form: no whole number as " + std::string(name));
    }
    return static_cast<std::size_t>(value.get_int64());
  }

  void store(Run& run, const json::object& page) {
    const json::value& items = member(page, "items");
    if (!items.is_array()) {
      throw Failure(BL_ERR_DATA, "the page of tags has another form: no list as items");
    }
    for (const json::value& item : items.get_array()) {
      if (!item.is_object()) {
        throw Failure(BL_ERR_DATA, "the page of tags has another form: an item is no object");
      }
      const std::string name = text_of(item.get_object(), "name");
      const std::string sha = text_of(item.get_object(), "sha");
      run.emit(0, {kRepository, "tag", name, sha, sha, false});
      names_.insert(name);
      ++n_items_;
    }
    if (page.contains("total")) {
      const std::size_t total = number_of(page, "total");
      if (total_ && *total_ != total) {
        throw Failure(BL_ERR_DATA, "the source's total changed from " + std::to_string(*total_) +
                                       " to " + std::to_string(total) + " while it was read");
      }
      total_ = total;
    }
  }

  std::string path_;
  std::string mode_;
  std::size_t n_items_ = 0;
  std::set<std::string> names_;
  std::optional<std::size_t> total_;  // as the pages so far say
};

}  // namespace

BL_PLUGIN(Http, kAbout, kStreams)
