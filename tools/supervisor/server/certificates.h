// The cluster's certificates as files of DIR, made when they are first needed:
//   ca.pem, tls/ca.key                 the authority (ca.pem is what clients trust: NODE_EXTRA_CA_CERTS)
//   tls/contoso__westus.pem and .key   an instance, named as its log file; its URI is nonet:<object name>
//   tls/controlplane.pem and .key      the control plane's doors; nonet:controlplane
//   tls/supervisor.pem and .key        the supervisor as a client; nonet:supervisor
// Keys have mode 0600. A certificate is replaced when less than 30 days are left or its names have changed.
//
//   ASSIGN_OR_RETURN(auto certificates, Certificates::Open(dir, settings, clock.WallNs()));
//   ASSIGN_OR_RETURN(CertificateFiles files, certificates->ForInstance(spec, host_names, address, now_ns));
//
// One thread at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/tls/authority.h"
#include "tools/supervisor/core/settings.h"
#include "tools/supervisor/core/types.h"

namespace nonet::supervisor {

struct CertificateFiles {
  std::string certificate;  // Paths.
  std::string key;
  std::string authority;
};

// Where they are, whether they exist or not. `stem` as FileStem (core/names.h).
CertificateFiles CertificateFilesOf(absl::string_view dir, absl::string_view stem);
std::string AuthorityFile(absl::string_view dir);

class Certificates {
 public:
  // Loads the authority, or makes one. DATA_LOSS when there is half of one, or one that cannot be read.
  static absl::StatusOr<std::unique_ptr<Certificates>> Open(const std::string& dir, const Settings& settings,
                                                            int64_t wall_ns);

  // `host_names`: the instance's and its resource's, as far as they are known.
  absl::StatusOr<CertificateFiles> ForInstance(const InstanceSpec& instance,
                                               std::vector<std::string> host_names,
                                               const std::string& address, int64_t wall_ns);
  absl::StatusOr<CertificateFiles> ForControlplane(int64_t wall_ns);
  absl::StatusOr<CertificateFiles> ForSupervisor(int64_t wall_ns);
  // An instance that is gone.
  void Forget(const InstanceSpec& instance);

 private:
  Certificates(std::string dir, Settings settings, tls::Authority authority);
  absl::StatusOr<CertificateFiles> Ensure(const std::string& stem, const tls::Leaf& leaf, int64_t wall_ns);
  tls::Leaf Local(absl::string_view who) const;

  const std::string dir_;
  const Settings settings_;
  const tls::Authority authority_;
};

}  // namespace nonet::supervisor
