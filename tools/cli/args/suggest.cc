#include "tools/cli/args/suggest.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace nonet::cli {

int EditDistance(absl::string_view a, absl::string_view b) {
  const size_t columns = b.size() + 1;
  std::vector<std::vector<int>> cost(a.size() + 1, std::vector<int>(columns));
  for (size_t i = 0; i <= a.size(); ++i) cost[i][0] = static_cast<int>(i);
  for (size_t j = 0; j <= b.size(); ++j) cost[0][j] = static_cast<int>(j);
  for (size_t i = 1; i <= a.size(); ++i) {
    for (size_t j = 1; j <= b.size(); ++j) {
      const char x = absl::ascii_tolower(a[i - 1]);
      const char y = absl::ascii_tolower(b[j - 1]);
      cost[i][j] = std::min({cost[i - 1][j] + 1, cost[i][j - 1] + 1, cost[i - 1][j - 1] + (x == y ? 0 : 1)});
      if (i > 1 && j > 1 && x == absl::ascii_tolower(b[j - 2]) && y == absl::ascii_tolower(a[i - 2])) {
        cost[i][j] = std::min(cost[i][j], cost[i - 2][j - 2] + 1);
      }
    }
  }
  return cost[a.size()][b.size()];
}

std::string Nearest(absl::string_view word, const std::vector<std::string>& words) {
  const int allowed = std::max<int>(1, static_cast<int>(word.size()) / 3);
  int best_distance = allowed + 1;
  std::string best;
  for (const std::string& candidate : words) {
    const int distance = EditDistance(word, candidate);
    if (distance < best_distance) {
      best_distance = distance;
      best = candidate;
    }
  }
  return best;
}

std::string DidYouMean(absl::string_view word, const std::vector<std::string>& words) {
  const std::string nearest = Nearest(word, words);
  return nearest.empty() ? "" : absl::StrCat(": did you mean ", nearest, "?");
}

}  // namespace nonet::cli
