#include "controlplane/store/backup_file.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "common/base/check.h"
#include "common/base/status_macros.h"
#include "controlplane/core/errors.h"
#include "controlplane/core/object.h"

namespace nonet::controlplane {
namespace {

using backup::v1::BackupManifest;

constexpr absl::string_view kBackupMagic = "nonet-backup-1\n";
constexpr size_t kLengthBytes = 8;
constexpr size_t kSumBytes = 32;

absl::Status FileError(absl::string_view what, const std::string& path) {
  return absl::ErrnoToStatus(errno == 0 ? EIO : errno, absl::StrCat("cannot ", what, " ", path));
}

class Sum {  // SHA-256.
 public:
  Sum() : context_(EVP_MD_CTX_new()) { NONET_CHECK(EVP_DigestInit_ex(context_, EVP_sha256(), nullptr) == 1); }
  ~Sum() { EVP_MD_CTX_free(context_); }
  Sum(const Sum&) = delete;
  Sum& operator=(const Sum&) = delete;
  void Add(absl::string_view bytes) {
    NONET_CHECK(EVP_DigestUpdate(context_, bytes.data(), bytes.size()) == 1);
  }
  std::string End() {
    std::string sum(kSumBytes, '\0');
    NONET_CHECK(EVP_DigestFinal_ex(context_, reinterpret_cast<unsigned char*>(sum.data()), nullptr) == 1);
    return sum;
  }

 private:
  EVP_MD_CTX* const context_;
};

class ReaderImpl final : public BackupReader {
 public:
  ReaderImpl(std::string directory, BackupManifest manifest)
      : directory_(std::move(directory)), manifest_(std::move(manifest)) {
    const std::string bytes = Serialize(manifest_);
    std::string length(kLengthBytes, '\0');
    for (size_t i = 0; i < kLengthBytes; ++i) {
      length[i] = static_cast<char>(bytes.size() >> 8 * (kLengthBytes - 1 - i) & 0xff);
    }
    head_ = absl::StrCat(kBackupMagic, length, bytes);
  }

  absl::StatusOr<std::string> Next() override {
    std::string part = std::exchange(head_, "");
    while (part.size() < kBackupPartBytes && file_ < manifest_.files_size()) {
      RETURN_IF_ERROR(ReadSome(part));
    }
    sum_.Add(part);
    if (file_ == manifest_.files_size()) {
      part += sum_.End();
      done_ = true;
    }
    return part;
  }
  bool done() const override { return done_; }
  const BackupManifest& manifest() const override { return manifest_; }

 private:
  // Of the current file, exactly as many bytes as the manifest says: a log may have grown since.
  absl::Status ReadSome(std::string& part) {
    const BackupManifest::File& file = manifest_.files(file_);
    const std::string path = absl::StrCat(directory_, "/", file.name());
    if (!stream_.is_open()) stream_.open(path, std::ios::binary);
    const size_t bytes = std::min<size_t>(kBackupPartBytes - part.size(), file.size() - position_);
    const size_t before = part.size();
    part.resize(before + bytes);
    stream_.read(part.data() + before, static_cast<std::streamsize>(bytes));
    if (static_cast<size_t>(stream_.gcount()) != bytes) return FileError("read", path);
    position_ += bytes;
    if (position_ == file.size()) {
      stream_.close();
      stream_.clear();
      position_ = 0;
      ++file_;
    }
    return absl::OkStatus();
  }

  const std::string directory_;
  const BackupManifest manifest_;
  std::string head_;
  std::ifstream stream_;
  int file_ = 0;
  uint64_t position_ = 0;
  Sum sum_;
  bool done_ = false;
};

// Reads a backup file from its beginning, summing up.
class Source {
 public:
  explicit Source(const std::string& file) : file_(file), stream_(file, std::ios::binary) {}

  absl::StatusOr<std::string> Take(size_t bytes) {
    std::string taken(bytes, '\0');
    stream_.read(taken.data(), static_cast<std::streamsize>(bytes));
    if (static_cast<size_t>(stream_.gcount()) != bytes)
      return errors::BackupDamaged(file_, "it ends too early");
    sum_.Add(taken);
    return taken;
  }
  absl::StatusOr<BackupManifest> Manifest() {
    if (!stream_.is_open()) return FileError("open", file_);
    ASSIGN_OR_RETURN(const std::string magic, Take(kBackupMagic.size()));
    if (magic != kBackupMagic) return errors::BackupDamaged(file_, "it does not begin as one");
    ASSIGN_OR_RETURN(const std::string length, Take(kLengthBytes));
    uint64_t bytes = 0;
    for (const char c : length) bytes = bytes << 8 | static_cast<unsigned char>(c);
    if (bytes > kBackupManifestBytesMax) return errors::BackupDamaged(file_, "its manifest is too long");
    ASSIGN_OR_RETURN(const std::string content, Take(bytes));
    BackupManifest manifest;
    if (!manifest.ParseFromString(content))
      return errors::BackupDamaged(file_, "its manifest cannot be read");
    return manifest;
  }
  absl::Status CheckEnd() {
    const std::string expected = sum_.End();
    std::string found(kSumBytes + 1, '\0');
    stream_.read(found.data(), kSumBytes + 1);
    found.resize(static_cast<size_t>(stream_.gcount()));
    if (found != expected) return errors::BackupDamaged(file_, "its checksum is another one");
    return absl::OkStatus();
  }

 private:
  const std::string file_;
  std::ifstream stream_;
  Sum sum_;
};

absl::Status SyncPath(const std::string& path, int flags) {
  const int fd = open(path.c_str(), flags | O_CLOEXEC);
  if (fd < 0) return FileError("open", path);
  const bool synced = fsync(fd) == 0;
  close(fd);
  return synced ? absl::OkStatus() : FileError("sync", path);
}

absl::Status UnpackFile(Source& source, const BackupManifest::File& file, const std::string& path) {
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  for (uint64_t left = file.size(); left > 0;) {
    ASSIGN_OR_RETURN(const std::string bytes, source.Take(std::min<uint64_t>(left, kBackupPartBytes)));
    out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    left -= bytes.size();
  }
  out.close();
  if (!out) return FileError("write", path);
  return SyncPath(path, O_RDONLY);
}

bool IsPlainName(absl::string_view name) {
  return !name.empty() && name[0] != '.' && name.find('/') == absl::string_view::npos;
}

}  // namespace

absl::StatusOr<std::unique_ptr<BackupReader>> BackupReader::Open(const std::string& directory,
                                                                 BackupManifest manifest) {
  std::error_code error;
  std::vector<std::pair<std::string, uint64_t>> files;
  for (const auto& entry : std::filesystem::directory_iterator(directory, error)) {
    if (entry.is_regular_file(error)) files.emplace_back(entry.path().filename(), entry.file_size(error));
  }
  if (error) return absl::InternalError(absl::StrCat("cannot read ", directory, ": ", error.message()));
  std::sort(files.begin(), files.end());
  for (const auto& [name, size] : files) {
    if (size == 0) continue;  // Says nothing, and cannot be told from a missing one.
    BackupManifest::File& file = *manifest.add_files();
    file.set_name(name);
    file.set_size(size);
  }
  return std::make_unique<ReaderImpl>(directory, std::move(manifest));
}

absl::StatusOr<BackupManifest> ReadBackupManifest(const std::string& file) { return Source(file).Manifest(); }

absl::StatusOr<BackupManifest> UnpackBackup(const std::string& file, const std::string& directory) {
  Source source(file);
  ASSIGN_OR_RETURN(BackupManifest manifest, source.Manifest());
  if (mkdir(directory.c_str(), 0700) != 0) return FileError("make", directory);
  for (const BackupManifest::File& one : manifest.files()) {
    if (!IsPlainName(one.name())) return errors::BackupDamaged(file, "it holds a file of a strange name");
    RETURN_IF_ERROR(UnpackFile(source, one, absl::StrCat(directory, "/", one.name())));
  }
  RETURN_IF_ERROR(source.CheckEnd());
  RETURN_IF_ERROR(SyncPath(directory, O_RDONLY | O_DIRECTORY));
  return manifest;
}

}  // namespace nonet::controlplane
