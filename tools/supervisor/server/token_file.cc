#include "tools/supervisor/server/token_file.h"

#include "absl/strings/str_cat.h"
#include "common/base/bearer.h"
#include "common/base/status_macros.h"
#include "common/process/files.h"
#include "common/real/entropy.h"

namespace nonet::supervisor {

std::string TokenFile(absl::string_view dir) { return absl::StrCat(dir, "/token"); }

absl::StatusOr<Token> LoadToken(const std::string& dir) {
  const absl::StatusOr<std::string> content = ReadFile(TokenFile(dir), kTokenTextBytesMax);
  if (absl::IsNotFound(content.status())) return Token{.text = RandomHex(kTokenBytes), .new_one = true};
  RETURN_IF_ERROR(content.status());
  Token token;
  ASSIGN_OR_RETURN(token.text, ParseTokenFile(*content, TokenFile(dir)));
  return token;
}

absl::Status KeepToken(const std::string& dir, const Token& token) {
  if (!token.new_one) return absl::OkStatus();
  return WriteFileAtomic(TokenFile(dir), absl::StrCat(token.text, "\n"));
}

}  // namespace nonet::supervisor
