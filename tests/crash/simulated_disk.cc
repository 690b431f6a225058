#include "tests/crash/simulated_disk.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "tests/crash/disk_file_system.h"

namespace nonet::crash {
namespace {}  // namespace

void SimulatedDisk::Inode::Overwrite(size_t offset, absl::string_view bytes) {
  in_place = true;
  if (data.size() < offset + bytes.size()) data.resize(offset + bytes.size());
  for (size_t at = offset / kSectorBytes * kSectorBytes; at < offset + bytes.size() && at < synced;
       at += kSectorBytes) {
    overwritten.try_emplace(at / kSectorBytes, data.substr(at, std::min(kSectorBytes, synced - at)));
  }
  data.replace(offset, bytes.size(), bytes.data(), bytes.size());
}

void SimulatedDisk::Inode::Truncate(size_t size) {
  data.resize(size);
  synced = std::min(synced, size);
  overwritten.erase(overwritten.lower_bound(size / kSectorBytes), overwritten.end());
}

void SimulatedDisk::Inode::Sync() {
  synced = data.size();
  overwritten.clear();
}

std::shared_ptr<rocksdb::FileSystem> SimulatedDisk::Mount() {
  absl::MutexLock lock(&mu);
  return MakeDiskFileSystem(*this, life_);
}

void SimulatedDisk::FailAt(uint64_t site, Fault fault) {
  absl::MutexLock lock(&mu);
  fail_at_ = site;
  fault_ = fault;
}

uint64_t SimulatedDisk::sites() const {
  absl::MutexLock lock(&mu);
  return sites_;
}

std::string SimulatedDisk::failed() const {
  absl::MutexLock lock(&mu);
  return failed_;
}

SimulatedDisk::Verdict SimulatedDisk::Site(uint64_t life, const char* what, const std::string& path,
                                           bool needs_space, size_t size, size_t* part) {
  if (!IsAlive(life)) return Verdict::kFail;
  const bool here = ++sites_ == fail_at_;
  if (here && fault_ != Fault::kNone) {
    failed_ = absl::StrCat(what, " ", path);
    off_ = fault_ == Fault::kPowerLoss;
    full_ = fault_ == Fault::kNoSpace;
    read_only_ = fault_ == Fault::kReadOnly;
    if (full_ && !needs_space) return Verdict::kDo;
    if (read_only_) {
      *part = 0;
      return Verdict::kFailReadOnly;
    }
    *part = size == 0 ? 0 : random_.Below(size + 1);
    return full_ ? Verdict::kFailNoSpace : Verdict::kDoInPart;
  }
  if (read_only_) {
    *part = 0;
    return Verdict::kFailReadOnly;
  }
  if (full_ && needs_space) {
    *part = 0;
    return Verdict::kFailNoSpace;
  }
  return Verdict::kDo;
}

void SimulatedDisk::Name(const std::vector<std::pair<std::string, InodePtr>>& changes) {
  for (const auto& [path, inode] : changes) {
    if (inode) {
      names[path] = inode;
    } else {
      names.erase(path);
    }
  }
  unsynced_[ParentPath(changes[0].first)].push_back({changes, ""});
}

void SimulatedDisk::MakeDirectory(const std::string& path) {
  directories.insert(path);
  unsynced_[ParentPath(path)].push_back({{}, path});
}

void SimulatedDisk::SyncDirectory(const std::string& path) {
  for (const NameChange& change : unsynced_[path]) Keep(change);
  unsynced_.erase(path);
}

void SimulatedDisk::Keep(const NameChange& change) {
  if (!change.directory.empty()) durable_directories_.insert(change.directory);
  for (const auto& [path, inode] : change.files) {
    if (inode) {
      durable_names_[path] = inode;
    } else {
      durable_names_.erase(path);
    }
  }
}

void SimulatedDisk::Restart(Survival survival, uint64_t seed) {
  absl::MutexLock lock(&mu);
  Random random(seed);
  const auto survives = [&](size_t all) -> size_t {
    return survival == Survival::kNothing      ? 0
           : survival == Survival::kEverything ? all
                                               : random.Below(all + 1);
  };
  for (const auto& [directory, changes] : unsynced_) {
    const size_t kept = survives(changes.size());
    for (size_t i = 0; i < kept; ++i) Keep(changes[i]);
  }
  unsynced_.clear();
  directories = durable_directories_;
  // What stands in a directory that is not there is not there.
  std::erase_if(durable_names_, [&](const auto& item) ABSL_NO_THREAD_SAFETY_ANALYSIS {
    return !directories.contains(ParentPath(item.first));
  });
  // New inodes: who still holds the old ones writes into the void.
  std::map<Inode*, InodePtr> fresh;
  for (auto& [path, inode] : durable_names_) {
    InodePtr& copy = fresh[inode.get()];
    if (!copy) {
      const size_t size = inode->synced + survives(inode->data.size() - inode->synced);
      copy = std::make_shared<Inode>(Inode{inode->data.substr(0, size), size, {}, false});
      for (const auto& [sector, before] : inode->overwritten) {
        if (survives(1) == 0) copy->data.replace(sector * kSectorBytes, before.size(), before);
      }
      // Of a file that is not just appended to, the end may arrive before the middle.
      if (survival == Survival::kTorn && inode->in_place) {
        for (size_t at = (inode->synced + kSectorBytes - 1) / kSectorBytes * kSectorBytes; at < size;
             at += kSectorBytes) {
          if (survives(3) > 0) continue;
          const size_t bytes = std::min(kSectorBytes, size - at);
          copy->data.replace(at, bytes, bytes, '\0');
        }
      }
    }
    inode = copy;
  }
  names = durable_names_;
  locked.clear();
  random_ = Random(seed + 1);
  ++life_;
  off_ = full_ = read_only_ = false;
  sites_ = fail_at_ = 0;
  failed_.clear();
}

void SimulatedDisk::Heal() {
  absl::MutexLock lock(&mu);
  full_ = read_only_ = false;
  sites_ = fail_at_ = 0;
  failed_.clear();
}

std::vector<std::string> SimulatedDisk::Files() const {
  absl::MutexLock lock(&mu);
  std::vector<std::string> files;
  for (const auto& [path, inode] : names) files.push_back(path);
  return files;
}

uint64_t SimulatedDisk::SizeOf(const std::string& path) const {
  absl::MutexLock lock(&mu);
  const auto it = names.find(path);
  return it == names.end() ? 0 : it->second->data.size();
}

std::string SimulatedDisk::Read(const std::string& path) const {
  absl::MutexLock lock(&mu);
  const auto it = names.find(path);
  return it == names.end() ? "" : it->second->data;
}

void SimulatedDisk::LoseSector(const std::string& path, uint64_t sector) {
  absl::MutexLock lock(&mu);
  std::string& data = names.at(path)->data;
  const size_t at = sector * kSectorBytes;
  if (at >= data.size()) return;
  const size_t bytes = std::min(kSectorBytes, data.size() - at);
  data.replace(at, bytes, bytes, '\0');
}

bool SimulatedDisk::FlipBit(const std::string& path, uint64_t bit) {
  absl::MutexLock lock(&mu);
  const auto it = names.find(path);
  if (it == names.end() || bit / 8 >= it->second->data.size()) return false;
  it->second->data[bit / 8] = static_cast<char>(it->second->data[bit / 8] ^ (1 << bit % 8));
  return true;
}

}  // namespace nonet::crash
