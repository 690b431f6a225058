#include "controlplane/core/paging.h"

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "controlplane/core/errors.h"
#include "controlplane/core/limits.h"
#include "controlplane/core/request_table.h"

namespace nonet::controlplane {
namespace {

constexpr size_t kBindingBytes = 8;

// What binds a token to its list and to its key: a slip of a caller is noticed, not an attack withstood.
std::string Binding(absl::string_view list, absl::string_view after) {
  return RequestDigest(list, after).substr(0, kBindingBytes);
}

}  // namespace

absl::StatusOr<Page> Page::Begin(absl::string_view list, uint32_t page_size, absl::string_view token) {
  if (page_size > kPageSizeMax) return errors::InvalidPageSize(page_size);
  Page page;
  page.list_ = std::string(list);
  page.left_ = page_size == 0 ? kPageSizeMax : page_size;
  if (token.empty()) return page;
  std::string bytes;
  if (!absl::WebSafeBase64Unescape(token, &bytes) || bytes.size() <= kBindingBytes) {
    return errors::InvalidPageToken();
  }
  page.after_ = bytes.substr(kBindingBytes);
  if (Binding(list, page.after_) != bytes.substr(0, kBindingBytes)) return errors::InvalidPageToken();
  return page;
}

bool Page::Take(absl::string_view key, size_t bytes) {
  const bool fits = last_.empty() || (left_ > 0 && bytes_ + bytes <= kPageBytesMax);
  if (!fits) {
    more_ = true;
    return false;
  }
  last_ = std::string(key);
  --left_;
  bytes_ += bytes;
  return true;
}

std::string Page::NextToken() const {
  if (!more_) return "";
  return absl::WebSafeBase64Escape(absl::StrCat(Binding(list_, last_), last_));
}

}  // namespace nonet::controlplane
