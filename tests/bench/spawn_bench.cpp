// spawn_bench COUNT: from the start of a worker to its end, with the sandbox and a small plugin,
// beside a program that does nothing. Prints the medians in milliseconds as JSON.
#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <vector>

#include "daemon/host/plugins.h"
#include "daemon/host/spawn.h"
#include "tests/bench/must.h"

namespace baselined {
namespace {

double median_ms(int count, const std::function<void()>& once) {
  std::vector<double> all;
  for (int i = 0; i < count; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    once();
    const std::chrono::duration<double, std::milli> spent =
        std::chrono::steady_clock::now() - begin;
    all.push_back(spent.count());
  }
  std::nth_element(all.begin(), all.begin() + count / 2, all.end());
  return all[static_cast<std::size_t>(count) / 2];
}

void describe(host::Plugins& plugins) {
  const auto image = must(plugins.image(BENCH_PLUGIN));
  host::SpawnRequest request;
  request.arguments = {BENCH_WORKER, "--describe", BENCH_PLUGIN, "--sandbox", "require"};
  request.plugin = image->bytes().get();
  host::Spawned worker = must(host::spawn(request));
  std::array<char, 65536> bytes{};
  while (::read(worker.output.get(), bytes.data(), bytes.size()) > 0) {
  }
  BL_ASSERT(worker.process.reap().is_success());
}

void nothing() {
  char name[] = "/bin/true";
  std::array<char*, 2> words = {name, nullptr};
  pid_t child = 0;
  BL_ASSERT(::posix_spawn(&child, name, nullptr, nullptr, words.data(), environ) == 0);
  BL_ASSERT(::waitpid(child, nullptr, 0) == child);
}

}  // namespace
}  // namespace baselined

int main(int count, char** words) {
  const int runs = count > 1 ? std::atoi(words[1]) : 200;
  baselined::host::Plugins plugins(BENCH_WORKER);
  const double worker = baselined::median_ms(runs, [&plugins] { baselined::describe(plugins); });
  const double reference = baselined::median_ms(runs, &baselined::nothing);
  fmt::print("{{\"worker_ms\": {}, \"nothing_ms\": {}}}\n", worker, reference);
}
