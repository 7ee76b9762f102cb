// Loads a configuration text with plugins that exist as empty files only.
//
// "@" in the text stands for the plugin directory, and stands for it again in the problems.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "daemon/config/configuration.h"

namespace baselined::config {

// Answers from a map of file names; counts how often it was asked.
class FakeSchemas final : public SchemaSource {
 public:
  Result<PluginManifest> describe(const std::filesystem::path& plugin_file,
                                  SandboxPolicy sandbox) override;

  std::map<std::string, PluginManifest> manifests;
  int n_asked = 0;
  SandboxPolicy last_sandbox = SandboxPolicy::automatic;
};

// The manifest of a plugin with this schema.
PluginManifest manifest_with(std::string_view config_schema,
                             std::vector<std::string> capabilities = {});

// Plugins: "git" (asks for fs_read), "tickets" (asks for http and threads), "plain" (no options,
// asks for nothing), "broken" (cannot be described), "strange" (its schema makes no sense).
FakeSchemas installed_schemas();

class Loading {
 public:
  Loading();
  ~Loading();
  Loading(const Loading&) = delete;
  Loading& operator=(const Loading&) = delete;

  Loaded load(std::string_view text);
  // One problem per line, the file called "c.toml"; empty: none.
  std::string problems(std::string_view text);

  std::filesystem::path file() const { return dir_ / "c.toml"; }
  std::filesystem::path plugin_dir() const { return dir_ / "plugins"; }
  FakeSchemas schemas = installed_schemas();

 private:
  std::filesystem::path dir_;
};

}  // namespace baselined::config
