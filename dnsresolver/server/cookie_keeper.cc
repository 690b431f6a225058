#include "dnsresolver/server/cookie_keeper.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "common/process/files.h"
#include "common/process/log.h"
#include "common/real/entropy.h"
#include "dnsresolver/core/limits.h"

namespace nonet::dns {
namespace {

constexpr size_t kFileBytesMax = 4096;
constexpr absl::string_view kNoSecret = "none";

std::string ToHex(const SipKey& secret) {
  return absl::BytesToHexString({reinterpret_cast<const char*>(secret.data()), secret.size()});
}

std::optional<SipKey> FromHex(absl::string_view hex) {
  SipKey secret;
  if (hex.size() != 2 * secret.size() || !std::all_of(hex.begin(), hex.end(), absl::ascii_isxdigit)) {
    return std::nullopt;
  }
  const std::string bytes = absl::HexStringToBytes(hex);
  std::copy(bytes.begin(), bytes.end(), secret.begin());
  return secret;
}

SipKey DrawSecret() { return *FromHex(RandomHex(sizeof(SipKey))); }

}  // namespace

CookieKeeper::CookieKeeper(EventLoop& loop, std::string file) : loop_(loop), file_(std::move(file)) {
  if (!Read()) {
    Set({.current = DrawSecret(), .previous = std::nullopt}, loop_.clock().WallNs());
    Keep();
  }
  Arm();
}

CookieKeeper::~CookieKeeper() { loop_.Cancel(timer_); }

// Three lines: "current HEX", "previous HEX" (or "none"), "made SECONDS" (Unix time).
bool CookieKeeper::Read() {
  if (file_.empty()) return false;
  const absl::StatusOr<std::string> content = ReadFile(file_, kFileBytesMax);
  if (absl::IsNotFound(content.status())) return false;
  CookieSecrets secrets;
  std::optional<SipKey> current;
  int64_t made_s = 0;
  bool good = content.ok();
  if (good) {
    const std::vector<absl::string_view> lines = absl::StrSplit(*content, '\n', absl::SkipEmpty());
    good = lines.size() == 3;
    absl::string_view first = good ? lines[0] : "", second = good ? lines[1] : "",
                      third = good ? lines[2] : "";
    good = good && absl::ConsumePrefix(&first, "current ") && absl::ConsumePrefix(&second, "previous ") &&
           absl::ConsumePrefix(&third, "made ") && absl::SimpleAtoi(third, &made_s);
    if (good) {
      current = FromHex(first);
      secrets.previous = FromHex(second);
      good = current.has_value() && (secrets.previous.has_value() || second == kNoSecret);
    }
  }
  if (!good) {
    log::Warning("the file of cookie secrets is of no use; new ones are drawn", {{"file", file_}});
    return false;
  }
  secrets.current = *current;
  Set(secrets, made_s * kNanosPerSecond);
  return true;
}

void CookieKeeper::Keep() const {
  if (file_.empty()) return;
  std::string content;
  {
    absl::MutexLock lock(&mutex_);
    content = absl::StrCat("current ", ToHex(secrets_.current), "\nprevious ",
                           secrets_.previous.has_value() ? ToHex(*secrets_.previous) : std::string(kNoSecret),
                           "\nmade ", made_wall_ns_ / kNanosPerSecond, "\n");
  }
  if (const absl::Status status = WriteFileAtomic(file_, content); !status.ok()) {
    log::Warning("cannot keep the secrets of DNS cookies; a restart will draw new ones",
                 {{"file", file_}, {"error", status.message()}});
  }
}

void CookieKeeper::Set(const CookieSecrets& secrets, int64_t made_wall_ns) {
  made_wall_ns_ = made_wall_ns;
  absl::MutexLock lock(&mutex_);
  secrets_ = secrets;
  generation_.fetch_add(1, std::memory_order_release);
}

void CookieKeeper::RollOver() {
  CookieSecrets secrets;
  secrets.current = DrawSecret();
  {
    absl::MutexLock lock(&mutex_);
    secrets.previous = secrets_.current;
  }
  Set(secrets, loop_.clock().WallNs());
  Keep();
  Arm();
}

void CookieKeeper::Arm() {
  // A secret from the future is as good as a new one.
  const int64_t age_ns = std::max<int64_t>(loop_.clock().WallNs() - made_wall_ns_, 0);
  timer_ = loop_.RunAfter(std::max<int64_t>(kCookieSecretNs - age_ns, 0), [this] { RollOver(); });
}

const CookieSecrets& CookieKeeper::Refresh(Copy& copy) const {
  if (generation_.load(std::memory_order_acquire) != copy.generation) {
    absl::MutexLock lock(&mutex_);
    copy.secrets = secrets_;
    copy.generation = generation_.load(std::memory_order_relaxed);
  }
  return copy.secrets;
}

}  // namespace nonet::dns
