// A cluster's own certificate authority and the certificates it gives out: X.509v3 (RFC 5280), ECDSA P-256.
// OpenSSL is behind this header. No files, no clock: `now` is a parameter. Thread-safe once made.
//
//   ASSIGN_OR_RETURN(const Authority authority, Authority::Create({.cluster = "contoso", .zone = zone},
//   now_ns, RealKeys())); ASSIGN_OR_RETURN(const KeyPair pair, authority.Issue(InstanceLeaf("contoso",
//   object, hosts, address), now_ns));
//
// Who made it and where it lies: tools/supervisor/server/certificates.h (DIR/ca.pem, DIR/tls/<stem>.pem and
// .key). Everything is PEM, as gRPC's SslServerCredentials and SslCredentials take it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/clock/clock.h"

namespace nonet::tls {

inline constexpr int64_t kDayNs = 86'400 * kNanosPerSecond;
inline constexpr int64_t kAuthorityLifeNs = 3'650 * kDayNs;
inline constexpr int64_t kLeafLifeNs = 365 * kDayNs;
// A leaf with less than this left is replaced at the next start.
inline constexpr int64_t kRenewNs = 30 * kDayNs;
// Certificates count from this long ago, for clocks that are behind.
inline constexpr int64_t kBackdateNs = 3'600 * kNanosPerSecond;
// X.520's upper bound of a common name; ours are cut there. The whole name is in the URI.
inline constexpr size_t kCommonNameBytesMax = 64;
inline constexpr size_t kNamesMax = 64;

struct KeyPair {
  std::string certificate_pem = {};
  std::string key_pem = {};  // PKCS #8. Secret.
};

// Where keys and serial numbers come from.
struct KeySource {
  std::function<absl::StatusOr<std::string>()> new_key_pem;  // A P-256 private key.
  std::function<std::string(size_t bytes)> random_hex;       // As RandomHex.
};
KeySource RealKeys();

// Who a certificate is for. Every leaf is good for both ends of a connection (serverAuth and clientAuth).
struct Leaf {
  std::string common_name = {};
  std::string organization = {};  // The cluster.
  std::vector<std::string> dns_names = {};
  std::vector<std::string> addresses = {};  // IP literals.
  std::vector<std::string> uris = {};       // "nonet:resources/contoso/replicas/westus"
};

// The URI that says which object of the control plane a certificate is for; what peers check.
std::string ObjectUri(absl::string_view object_name);
// An instance's certificate: the object's name as common name (cut) and as URI, its host names, its address.
Leaf InstanceLeaf(absl::string_view cluster, absl::string_view object_name,
                  std::vector<std::string> host_names, absl::string_view address);

// What a certificate says.
struct Certificate {
  Leaf names = {};
  std::string issuer = {};  // Common name.
  std::string serial_hex = {};
  int64_t not_before_ns = 0;  // Wall time.
  int64_t not_after_ns = 0;
  bool authority = false;
};
// INVALID_ARGUMENT when it is no certificate.
absl::StatusOr<Certificate> ReadCertificate(absl::string_view pem);

// FAILED_PRECONDITION unless the certificate is one of that authority's and carries that URI (as one of its
// alternative names). Says nothing about the time.
absl::Status CheckIssued(absl::string_view certificate_pem, absl::string_view authority_pem,
                         absl::string_view uri);

class Authority {
 public:
  struct Spec {
    std::string cluster;
    std::string
        zone;  // With localhost and 127.0.0.0/8, all that it may vouch for (RFC 5280 section 4.2.1.10).
  };
  static absl::StatusOr<Authority> Create(const Spec& spec, int64_t wall_ns, KeySource keys);
  // INVALID_ARGUMENT when the two do not belong together or are no authority's.
  static absl::StatusOr<Authority> Load(KeyPair pair, KeySource keys);

  const KeyPair& pair() const { return pair_; }
  // INVALID_ARGUMENT for a name that cannot be in a certificate, or too many.
  absl::StatusOr<KeyPair> Issue(const Leaf& leaf, int64_t wall_ns) const;
  // Whether `pair` is one of ours, is for everything in `leaf`, and stays good for more than kRenewNs.
  bool Covers(const KeyPair& pair, const Leaf& leaf, int64_t wall_ns) const;

 private:
  struct Native;
  Authority(KeyPair pair, std::shared_ptr<const Native> native, KeySource keys);

  KeyPair pair_;
  std::shared_ptr<const Native> native_;  // Shared: immutable, so that copies are cheap.
  KeySource keys_;
};

}  // namespace nonet::tls
