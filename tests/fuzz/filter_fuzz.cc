// libFuzzer on filters: whatever the text, there is a filter that answers for every connection, or an error
// that can be shown; and `not (...)` of a filter is its opposite.
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/str_cat.h"
#include "common/base/check.h"
#include "common/base/error.h"
#include "replica/codec/ws_frame.h"
#include "replica/core/limits.h"
#include "replica/core/odata_filter.h"

namespace nonet::replica {
namespace {

void CheckError(const absl::Status& status) {
  NONET_CHECK(status.code() == absl::StatusCode::kInvalidArgument);
  NONET_CHECK(status.message().size() < 3 * kFilterPartShownMax);
  NONET_CHECK(IsUtf8(absl::string_view(status.message().data(), status.message().size())));
  NONET_CHECK(GetErrorDetails(status).metadata.count("position") == 1);
}

void Try(const std::string& text) {
  const auto filter = ParseFilter(text);
  if (!filter.ok()) return CheckError(filter.status());
  NONET_CHECK((*filter)->text() == text);
  const auto opposite = ParseFilter(absl::StrCat("not (", text, ")"));
  if (!opposite.ok()) CheckError(opposite.status());  // One level more may be one too many.
  const absl::btree_map<std::string, uint64_t> none, some = {{"g", 1}, {"group1", 2}};
  for (const absl::string_view user : {"", "ann", "\xC3\xBC\xF0\x9F\x98\x80-ab ", "\xFF\xC3"}) {
    for (const auto* groups : {&none, &some}) {
      const ConnectionFilter::Subject subject{"c1.00000001", user, *groups};
      const bool matches = (*filter)->Matches(subject);
      if (opposite.ok()) NONET_CHECK((*opposite)->Matches(subject) != matches);
    }
  }
}

}  // namespace
}  // namespace nonet::replica

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  nonet::replica::Try(std::string(reinterpret_cast<const char*>(data), size));
  return 0;
}
