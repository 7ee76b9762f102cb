// A collector over HTTP: reads tags page by page and stores them with their coverage.
//
//   {"path": "/tags", "mode": "link" | "token" | "offset" | "conditional"}
// A page is {"items": [{"name": "v1", "sha": "..."}], "next": "token", "total": 3}. Written as an
// author would: what is not as expected is a failure, never an empty page.
#include <baselined/pages.hpp>
#include <baselined/plugin.hpp>

#include <boost/json.hpp>
#include <string>

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
                "mode":{"type":"string","enum":["link","token","offset","conditional"],
                        "default":"link"}}})",
                                  .capabilities = BL_CAP_HTTP};
constexpr std::string_view kRepository = "example/http";

class Http {
 public:
  Http(std::string_view options, Run& /*run*/) {
    const json::object parsed = json::parse(options).as_object();
    path_ = std::string(parsed.at("path").as_string());
    mode_ = std::string(parsed.at("mode").as_string());
  }

  void collect(Run& run) const {
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
  void read_pages(Run& run) const {
    baselined::Pages pages(run, path_);
    std::size_t count = 0;
    while (const auto page = pages.next()) {
      const json::object parsed = page_of(page->body());
      store(run, parsed);
      count += parsed.at("items").as_array().size();
      if (mode_ == "token") {
        const auto& token = parsed.at("next").as_string();
        pages.follow(token.empty() ? ""
                                   : baselined::with_parameter(path_, "token", std::string(token)));
      } else if (mode_ == "offset") {
        const auto total = static_cast<std::size_t>(parsed.at("total").as_int64());
        pages.follow(count >= total
                         ? ""
                         : baselined::with_parameter(path_, "offset", std::to_string(count)));
      }
    }
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

  static void store(Run& run, const json::object& page) {
    for (const json::value& item : page.at("items").as_array()) {
      const std::string name(item.at("name").as_string());
      const std::string sha(item.at("sha").as_string());
      run.emit(0, {kRepository, "tag", name, sha, sha, false});
    }
  }

  std::string path_;
  std::string mode_;
};

}  // namespace

BL_PLUGIN(Http, kAbout, kStreams)
