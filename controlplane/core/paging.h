// One page of a list that goes by key. The token says after which key the next page begins, so that what is
// there throughout is listed exactly once whatever changes in between. It is bound to its list (a name that
// says what is listed, filters included) and checked. Pure.
//
//   ASSIGN_OR_RETURN(Page page, Page::Begin("replicas resources/contoso", size, token));
//   for (auto it = objects.upper_bound(page.after()); ...; ++it) {
//     if (!page.Take(it->first, bytes)) break;
//     ... add it ...
//   }
//   response.set_next_page_token(page.NextToken());
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace nonet::controlplane {

class Page {
 public:
  // INVALID_ARGUMENT for a token of another list, or a size above the limit. Size 0: as many as fit.
  static absl::StatusOr<Page> Begin(absl::string_view list, uint32_t page_size, absl::string_view token);

  // The key of the last item of the page before; empty on the first.
  const std::string& after() const { return after_; }
  // Whether the item still belongs on this page. The first always does, however large.
  bool Take(absl::string_view key, size_t bytes);
  // Empty when every item was taken.
  std::string NextToken() const;

 private:
  std::string list_;
  std::string after_;
  std::string last_;
  size_t left_ = 0;
  size_t bytes_ = 0;
  bool more_ = false;
};

}  // namespace nonet::controlplane
