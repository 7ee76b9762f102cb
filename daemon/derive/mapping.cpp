#include "daemon/derive/mapping.h"

#include "daemon/base/digest.h"

namespace baselined::derive {

namespace {

// Every text is preceded by its length, so that no two mappings give the same bytes.
void append(std::string& bytes, const std::string& text) {
  bytes += std::to_string(text.size());
  bytes += ':';
  bytes += text;
}

void append(std::string& bytes, const std::vector<std::string>& texts) {
  bytes += std::to_string(texts.size());
  bytes += '[';
  for (const std::string& text : texts) {
    append(bytes, text);
  }
}

}  // namespace

std::string Mapping::hash() const {
  std::string bytes = "services";
  for (const ServiceRule& service : services) {
    append(bytes, service.name);
    append(bytes, service.repositories);
    append(bytes, service.paths);
    append(bytes, service.change_labels);
    append(bytes, service.deployment_tags);
    append(bytes, service.deployment_branches);
    append(bytes, service.deployment_environments);
    append(bytes, service.deployment_jobs);
    append(bytes, service.deployment_runs);
    append(bytes, service.deployment_pipelines);
    append(bytes, service.hotfix_labels);
    append(bytes, service.reverts_are_fixes ? "reverts" : "");
    append(bytes, std::to_string(service.incident_lookback.count()));
  }
  bytes += "repositories";
  for (const RepositoryAlias& repository : repositories) {
    append(bytes, repository.identity);
    append(bytes, repository.aliases);
  }
  if (collectors) {
    bytes += "collectors";
    append(bytes, std::vector<std::string>(collectors->begin(), collectors->end()));
  }
  return to_hex(sha256(bytes));
}

}  // namespace baselined::derive
