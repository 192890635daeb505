#include "tests/fault/crash_disk.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <cstring>
#include <limits>

namespace steward::fault {
namespace {

constexpr std::size_t sector = 512;

/// The index of a WAL as SQLite's connections share it; lost at a cut, and when the last of them closes: who
/// opens the file next makes it anew from the WAL, as on a real machine.
struct SharedMemory {
  std::size_t serial = 0;  // 0: nobody has it
  int users = 0;
  std::vector<std::unique_ptr<Bytes>> regions;
  std::array<int, SQLITE_SHM_NLOCK> holders{};  // below 0: held alone
};

void write(Bytes& file, std::size_t at, ByteView bytes) {
  if (file.size() < at + bytes.size()) file.resize(at + bytes.size());
  std::copy(bytes.begin(), bytes.end(), file.begin() + static_cast<std::ptrdiff_t>(at));
}

}  // namespace

struct CrashDisk::Parts {
  DiskFiles files;
  std::vector<DiskStep> steps;
  std::map<std::string, SharedMemory> shared;
  std::size_t breaks_at = std::numeric_limits<std::size_t>::max();
  std::size_t bad_sync = std::numeric_limits<std::size_t>::max();
  std::size_t bad_syncs = 0;
  std::size_t full_at = std::numeric_limits<std::size_t>::max();
  std::size_t syncs = 0;
  std::size_t growths = 0;
  std::size_t temporary = 0;
  std::size_t serials = 0;
  Watch watch;
  sqlite3_vfs vfs{};
  sqlite3_vfs* before = nullptr;

  /// Writes the step down; false: the disk is broken.
  bool step(DiskStep step) {
    if (watch) return watch(step);
    if (steps.size() >= breaks_at) return false;
    steps.push_back(std::move(step));
    return true;
  }
};

namespace {

using Parts = CrashDisk::Parts;

/// An open file; SQLite allocates it and calls through its first member.
struct OpenFile {
  sqlite3_file base;
  Parts* disk;
  std::string* name;
  bool deletes_on_close;
  std::array<bool, SQLITE_SHM_NLOCK> holds;
  std::array<bool, SQLITE_SHM_NLOCK> holds_alone;
  std::size_t shares;  // serial of the memory it shares
};

OpenFile& open_file(sqlite3_file* file) { return *reinterpret_cast<OpenFile*>(file); }
Bytes& bytes_of(sqlite3_file* file) { return open_file(file).disk->files[*open_file(file).name]; }

int close(sqlite3_file* file) {
  auto& mine = open_file(file);
  if (mine.deletes_on_close) mine.disk->files.erase(*mine.name);
  delete mine.name;
  return SQLITE_OK;
}

int read(sqlite3_file* file, void* into, int amount, sqlite3_int64 offset) {
  const auto& bytes = bytes_of(file);
  const auto from = std::min(static_cast<std::size_t>(offset), bytes.size());
  const auto count = std::min(static_cast<std::size_t>(amount), bytes.size() - from);
  auto* const filled =
      std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(from), count, static_cast<std::uint8_t*>(into));
  if (count == static_cast<std::size_t>(amount)) return SQLITE_OK;
  std::fill_n(filled, static_cast<std::size_t>(amount) - count, std::uint8_t{0});
  return SQLITE_IOERR_SHORT_READ;
}

int write_file(sqlite3_file* file, const void* from, int amount, sqlite3_int64 offset) {
  const auto* const data = static_cast<const std::uint8_t*>(from);
  Bytes bytes(data, data + amount);
  const auto at = static_cast<std::size_t>(offset);
  auto& mine = open_file(file);
  if (at + bytes.size() > bytes_of(file).size() && mine.disk->growths++ >= mine.disk->full_at)
    return SQLITE_FULL;
  if (!mine.disk->step({DiskStep::Kind::write, *mine.name, at, bytes})) return SQLITE_IOERR_WRITE;
  write(bytes_of(file), at, bytes);
  return SQLITE_OK;
}

int truncate(sqlite3_file* file, sqlite3_int64 size) {
  auto& mine = open_file(file);
  const auto at = static_cast<std::size_t>(size);
  if (!mine.disk->step({DiskStep::Kind::truncate, *mine.name, at, {}})) return SQLITE_IOERR_TRUNCATE;
  bytes_of(file).resize(at);
  return SQLITE_OK;
}

int sync(sqlite3_file* file, int) {
  auto& mine = open_file(file);
  const auto nth = mine.disk->syncs++;
  if (nth >= mine.disk->bad_sync && nth - mine.disk->bad_sync < mine.disk->bad_syncs) {
    (void)mine.disk->step({DiskStep::Kind::lost, *mine.name, 0, {}});
    return SQLITE_IOERR_FSYNC;
  }
  return mine.disk->step({DiskStep::Kind::sync, *mine.name, 0, {}}) ? SQLITE_OK : SQLITE_IOERR_FSYNC;
}

int file_size(sqlite3_file* file, sqlite3_int64* size) {
  *size = static_cast<sqlite3_int64>(bytes_of(file).size());
  return SQLITE_OK;
}

int lock(sqlite3_file*, int) { return SQLITE_OK; }
int check_lock(sqlite3_file*, int* held) {
  *held = 0;
  return SQLITE_OK;
}
int control(sqlite3_file*, int, void*) { return SQLITE_NOTFOUND; }
int sector_size(sqlite3_file*) { return 4096; }
int characteristics(sqlite3_file*) { return SQLITE_IOCAP_POWERSAFE_OVERWRITE; }

int shm_map(sqlite3_file* file, int region, int size, int extend, void volatile** into) {
  auto& mine = open_file(file);
  auto& shared = mine.disk->shared[*mine.name];
  if (shared.serial == 0) shared.serial = ++mine.disk->serials;
  if (mine.shares != shared.serial) ++shared.users;
  mine.shares = shared.serial;
  auto& regions = shared.regions;
  const auto wanted = static_cast<std::size_t>(region);
  *into = nullptr;
  if (regions.size() <= wanted && extend == 0) return SQLITE_OK;
  while (regions.size() <= wanted)
    regions.push_back(std::make_unique<Bytes>(static_cast<std::size_t>(size), std::uint8_t{0}));
  *into = regions[wanted]->data();
  return SQLITE_OK;
}

int shm_lock(sqlite3_file* file, int offset, int count, int flags) {
  auto& mine = open_file(file);
  auto& holders = mine.disk->shared[*mine.name].holders;
  const bool alone = (flags & SQLITE_SHM_EXCLUSIVE) != 0;
  const auto first = static_cast<std::size_t>(offset);
  const auto end = first + static_cast<std::size_t>(count);
  for (auto at = first; at < end; ++at) {
    if ((flags & SQLITE_SHM_UNLOCK) != 0) {
      if (mine.holds_alone.at(at)) holders.at(at) = 0;
      if (mine.holds.at(at)) --holders.at(at);
      mine.holds.at(at) = mine.holds_alone.at(at) = false;
    } else if (mine.holds.at(at) || mine.holds_alone.at(at)) {
      continue;
    } else if (holders.at(at) < 0 || (alone && holders.at(at) > 0)) {
      return SQLITE_BUSY;
    } else {
      (alone ? mine.holds_alone : mine.holds).at(at) = true;
      holders.at(at) = alone ? -1 : holders.at(at) + 1;
    }
  }
  return SQLITE_OK;
}

void shm_barrier(sqlite3_file*) {}

int shm_unmap(sqlite3_file* file, int remove) {
  auto& mine = open_file(file);
  const auto shared = mine.disk->shared.find(*mine.name);
  if (shared == mine.disk->shared.end()) return SQLITE_OK;
  const bool is_last = mine.shares == shared->second.serial && --shared->second.users == 0;
  mine.shares = 0;
  if (remove != 0 || is_last) mine.disk->shared.erase(shared);
  return SQLITE_OK;
}

constexpr sqlite3_io_methods methods = [] {
  sqlite3_io_methods made{};
  made.iVersion = 2;
  made.xClose = close;
  made.xRead = read;
  made.xWrite = write_file;
  made.xTruncate = truncate;
  made.xSync = sync;
  made.xFileSize = file_size;
  made.xLock = lock;
  made.xUnlock = lock;
  made.xCheckReservedLock = check_lock;
  made.xFileControl = control;
  made.xSectorSize = sector_size;
  made.xDeviceCharacteristics = characteristics;
  made.xShmMap = shm_map;
  made.xShmLock = shm_lock;
  made.xShmBarrier = shm_barrier;
  made.xShmUnmap = shm_unmap;
  return made;
}();

Parts& disk_of(sqlite3_vfs* vfs) { return *static_cast<Parts*>(vfs->pAppData); }

int open(sqlite3_vfs* vfs, sqlite3_filename name, sqlite3_file* file, int flags, int* out_flags) {
  auto& disk = disk_of(vfs);
  const std::string wanted = name == nullptr ? "temporary-" + std::to_string(disk.temporary++) : name;
  file->pMethods = nullptr;
  if (!disk.files.contains(wanted) && (flags & SQLITE_OPEN_CREATE) == 0 && name != nullptr)
    return SQLITE_CANTOPEN;
  auto& mine = open_file(file);
  mine.disk = &disk;
  mine.name = new std::string(wanted);
  mine.deletes_on_close = (flags & SQLITE_OPEN_DELETEONCLOSE) != 0;
  mine.holds = {};
  mine.holds_alone = {};
  mine.shares = 0;
  disk.files.try_emplace(wanted);
  file->pMethods = &methods;
  if (out_flags != nullptr) *out_flags = flags;
  return SQLITE_OK;
}

int remove(sqlite3_vfs* vfs, const char* name, int sync_folder) {
  auto& disk = disk_of(vfs);
  if (!disk.files.contains(name)) return SQLITE_IOERR_DELETE_NOENT;
  if (!disk.step({DiskStep::Kind::remove, name, 0, {}})) return SQLITE_IOERR_DELETE;
  if (sync_folder != 0 && !disk.step({DiskStep::Kind::sync, name, 0, {}})) return SQLITE_IOERR_DIR_FSYNC;
  disk.files.erase(name);
  return SQLITE_OK;
}

int access(sqlite3_vfs* vfs, const char* name, int, int* there) {
  *there = disk_of(vfs).files.contains(name) ? 1 : 0;
  return SQLITE_OK;
}

int full_name(sqlite3_vfs*, const char* name, int room, char* into) {
  if (static_cast<std::size_t>(room) <= std::strlen(name)) return SQLITE_CANTOPEN;
  std::strcpy(into, name);
  return SQLITE_OK;
}

int randomness(sqlite3_vfs*, int count, char* into) {
  static std::mt19937_64 dice(1);  // one run is every run
  for (int at = 0; at < count; ++at) into[at] = static_cast<char>(dice());
  return count;
}

int wait_a_while(sqlite3_vfs*, int microseconds) { return microseconds; }

int time(sqlite3_vfs*, double* days) {
  *days = 2461000.5;  // the Julian day of some date: nothing here depends on it
  return SQLITE_OK;
}

int last_error(sqlite3_vfs*, int, char*) { return 0; }

}  // namespace

CrashDisk::CrashDisk() : parts_(std::make_unique<Parts>()) {
  auto& vfs = parts_->vfs;
  vfs.iVersion = 1;
  vfs.szOsFile = sizeof(OpenFile);
  vfs.mxPathname = 512;
  vfs.zName = "steward-crash-disk";
  vfs.pAppData = parts_.get();
  vfs.xOpen = open;
  vfs.xDelete = remove;
  vfs.xAccess = access;
  vfs.xFullPathname = full_name;
  vfs.xRandomness = randomness;
  vfs.xSleep = wait_a_while;
  vfs.xCurrentTime = time;
  vfs.xGetLastError = last_error;
  parts_->before = sqlite3_vfs_find(nullptr);
  sqlite3_vfs_register(&vfs, 1);
}

CrashDisk::~CrashDisk() {
  sqlite3_vfs_unregister(&parts_->vfs);
  sqlite3_vfs_register(parts_->before, 1);
}

void CrashDisk::begin(DiskFiles files) {
  parts_->files = std::move(files);
  parts_->shared.clear();
  parts_->steps.clear();
  heal();
  parts_->syncs = 0;
  parts_->growths = 0;
}
void CrashDisk::fail_sync(std::size_t nth, std::size_t times) {
  parts_->bad_sync = nth;
  parts_->bad_syncs = times;
}
void CrashDisk::fill_at(std::size_t growth) { parts_->full_at = growth; }
void CrashDisk::heal() {
  parts_->breaks_at = std::numeric_limits<std::size_t>::max();
  parts_->bad_syncs = 0;
  parts_->full_at = std::numeric_limits<std::size_t>::max();
}
std::size_t CrashDisk::syncs() const { return parts_->syncs; }
std::size_t CrashDisk::growths() const { return parts_->growths; }
const std::vector<DiskStep>& CrashDisk::steps() const { return parts_->steps; }
const DiskFiles& CrashDisk::files() const { return parts_->files; }
void CrashDisk::break_at(std::size_t step) { parts_->breaks_at = step; }
void CrashDisk::watch(Watch watch) { parts_->watch = std::move(watch); }

void CrashDisk::replace(const std::string& folder, DiskFiles files) {
  const auto inside = [&](const auto& file) { return file.first.starts_with(folder); };
  std::erase_if(parts_->files, inside);
  std::erase_if(parts_->shared, inside);
  parts_->files.merge(files);
}

CutDisk::CutDisk(DiskFiles files) {
  for (auto& [name, bytes] : files) files_[name] = {true, false, std::move(bytes), {}};
}

void CutDisk::apply(const DiskStep& step) {
  auto& file = files_[step.file];
  switch (step.kind) {
    case DiskStep::Kind::write:
    case DiskStep::Kind::truncate:
      file.removed = false;
      file.pending.push_back(step);
      break;
    case DiskStep::Kind::remove: file.removed = true; break;
    case DiskStep::Kind::lost: file.pending.clear(); break;
    case DiskStep::Kind::sync: {
      if (file.removed) {  // the folder was synced
        files_.erase(step.file);
        break;
      }
      for (const auto& pending : file.pending) {
        if (pending.kind == DiskStep::Kind::truncate) {
          file.synced.resize(pending.at);
        } else {
          write(file.synced, pending.at, pending.bytes);
        }
      }
      file.pending.clear();
      file.durable = true;
      break;
    }
  }
}

DiskFiles CutDisk::after(Loss loss, std::mt19937_64& dice) const {
  const auto keeps = [&] { return loss == Loss::nothing || (loss != Loss::everything && dice() % 2 == 0); };
  DiskFiles left;
  for (const auto& [name, file] : files_) {
    if (file.removed && keeps()) continue;
    if (!file.durable && !keeps()) continue;
    Bytes bytes = file.synced;
    for (std::size_t at = 0; at < file.pending.size(); ++at) {
      const auto& step = file.pending[at];
      const bool newest = at + 1 == file.pending.size();
      if (step.kind == DiskStep::Kind::truncate) {
        if (loss == Loss::torn || keeps()) bytes.resize(step.at);
        continue;
      }
      for (std::size_t from = 0; from < step.bytes.size();) {
        // Sectors are the disk's, not the write's.
        const std::size_t end =
            std::min(step.bytes.size(), ((step.at + from) / sector + 1) * sector - step.at);
        const bool kept = loss == Loss::torn ? !newest || end <= step.bytes.size() / 2 : keeps();
        if (kept) write(bytes, step.at + from, ByteView(step.bytes).subspan(from, end - from));
        from = end;
      }
    }
    left[name] = std::move(bytes);
  }
  return left;
}

}  // namespace steward::fault
