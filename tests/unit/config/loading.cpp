#include "tests/unit/config/loading.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <fstream>

namespace baselined::config {
namespace {

constexpr std::string_view kGitSchema = R"({
  "type": "object",
  "properties": {
    "repositories": {"type": "array", "items": {"type": "string", "format": "path"}, "minItems": 1,
                     "description": "Repositories to read; globs are allowed."},
    "branches": {"type": "array", "items": {"type": "string", "format": "glob"}, "default": []},
    "path_depth": {"type": "integer", "minimum": 0, "maximum": 8, "default": 2},
    "ratio": {"type": "number", "minimum": 0.5, "maximum": 1.5},
    "line_counts": {"type": "boolean", "default": false},
    "mode": {"type": "string", "enum": ["full", "fast"], "default": "full"},
    "bots": {"type": "string", "format": "regex", "default": "\\[bot\\]"},
    "settle": {"type": "string", "format": "duration", "default": "1h"},
    "mailmap": {"type": "string", "format": "path"},
    "limits": {"type": "object", "properties": {
      "commits": {"type": "integer", "minimum": 1},
      "per": {"type": "string", "default": "run"}}, "required": ["commits"]}
  },
  "required": ["repositories"]
})";

std::string replaced(std::string text, std::string_view what, std::string_view with) {
  for (std::size_t at = text.find(what); at != std::string::npos;
       at = text.find(what, at + with.size())) {
    text.replace(at, what.size(), with);
  }
  return text;
}

void write(const std::filesystem::path& file, std::string_view text) {
  std::ofstream(file, std::ios::binary) << text;
}

}  // namespace

Result<PluginManifest> FakeSchemas::describe(const std::filesystem::path& plugin_file,
                                             SandboxPolicy sandbox) {
  last_sandbox = sandbox;
  ++n_asked;
  const auto found = manifests.find(plugin_file.filename().string());
  if (found == manifests.end()) {
    return Error(Error::Code::config, "exports no bl_plugin_main_v0");
  }
  return found->second;
}

PluginManifest manifest_with(std::string_view config_schema,
                             std::vector<std::string> capabilities) {
  PluginManifest manifest;
  manifest.id = "org.example.fake";
  manifest.sha256 = std::string(64, '0');
  manifest.capabilities = std::move(capabilities);
  manifest.config_schema = parse_json(config_schema).value().as_object();
  return manifest;
}

FakeSchemas installed_schemas() {
  FakeSchemas schemas;
  schemas.manifests["git.so"] = manifest_with(kGitSchema, {"fs_read"});
  schemas.manifests["tickets.so"] = manifest_with(R"({"type":"object"})", {"http", "threads"});
  schemas.manifests["plain.so"] = manifest_with(R"({"type":"object"})");
  schemas.manifests["strange.so"] =
      manifest_with(R"({"type":"object","properties":{"depth":{"type":"integer","minimun":0}}})");
  return schemas;
}

Loading::Loading() {
  std::string name = testing::TempDir() + "config-XXXXXX";
  EXPECT_NE(mkdtemp(name.data()), nullptr);
  dir_ = name;
  std::filesystem::create_directory(plugin_dir());
  for (const char* plugin : {"git", "tickets", "plain", "broken", "strange"}) {
    write(plugin_dir() / (std::string(plugin) + ".so"), "");
  }
}

Loading::~Loading() { std::filesystem::remove_all(dir_); }

Loaded Loading::load(std::string_view text) {
  write(file(), replaced(std::string(text), "@", plugin_dir().string()));
  return load_configuration(file(), schemas);
}

std::string Loading::problems(std::string_view text) {
  const Loaded loaded = load(text);
  EXPECT_EQ(loaded.configuration.has_value(), loaded.problems.empty());
  std::string lines;
  for (const Problem& problem : loaded.problems) {
    lines += problem.text() + "\n";
  }
  return replaced(replaced(lines, file().string(), "c.toml"), plugin_dir().string(), "@");
}

}  // namespace baselined::config
