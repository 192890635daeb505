#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "contract/nouns/bytes.hpp"

namespace steward::fault {

/// What is on a disk, by the file's name.
using DiskFiles = std::map<std::string, Bytes>;

/// One thing a program did to its disk.
struct DiskStep {
  enum class Kind : std::uint8_t {
    write,
    truncate,
    sync,    // of a removed file: of its folder
    remove,  // comes back with a cut before the folder was synced
    lost,  // a sync that failed: what was not synced is not on the disk, and no later sync will put it there
  };
  Kind kind = Kind::write;
  std::string file;
  std::size_t at = 0;  // of a write: where; of a truncation: the new size
  Bytes bytes;         // of a write
};

/// A disk in memory that writes down what SQLite does to it: SQLite's own way in is a VFS
/// (sqlite.org/vfs.html), and this is the process's default one as long as it lives.
///
/// Says of itself what the unix VFS says of a disk: a write spoils no byte it does not write
/// (SQLITE_IOCAP_POWERSAFE_OVERWRITE), and nothing else. One at a time. Thread: one.
class CrashDisk {
 public:
  CrashDisk();
  ~CrashDisk();
  CrashDisk(const CrashDisk&) = delete;
  CrashDisk& operator=(const CrashDisk&) = delete;

  /// Puts files on it and forgets the steps. No database on it may be open.
  void begin(DiskFiles files);
  const std::vector<DiskStep>& steps() const;
  /// As the program sees them.
  const DiskFiles& files() const;

  /// From the n-th step on (counted from `begin`) every write and sync fails; a read does not.
  void break_at(std::size_t step);
  /// The n-th sync (from 0, counted from `begin`) fails, and `times` - 1 after it.
  void fail_sync(std::size_t nth, std::size_t times = 1);
  /// From the n-th write on that makes a file longer (from 0), all such writes find no room.
  void fill_at(std::size_t growth);
  /// The disk works and has room from now on.
  void heal();
  /// So far, failed ones counted.
  std::size_t syncs() const;
  std::size_t growths() const;

  /// Is shown each step instead of its being written down, and says whether it succeeds.
  using Watch = std::function<bool(const DiskStep&)>;
  void watch(Watch watch);
  /// Another disk in place of the folder: every file whose name begins with `folder` goes, `files` come. No
  /// database in it may be open.
  void replace(const std::string& folder, DiskFiles files);

  struct Parts;

 private:
  std::unique_ptr<Parts> parts_;
};

/// What may be left of what was not synced.
enum class Loss : std::uint8_t {
  everything,  // the cache was lost
  nothing,     // the disk got it all
  some,        // each 512-byte sector of its own: dropped, kept, in any order
  torn,        // all but the second half of the newest write
};

/// The disk as a power cut leaves it, step by step: bytes that were synced are there, whatever else is.
class CutDisk {
 public:
  explicit CutDisk(DiskFiles files);

  void apply(const DiskStep& step);
  /// After a cut now. The dice decide where `loss` leaves a choice.
  DiskFiles after(Loss loss, std::mt19937_64& dice) const;

 private:
  struct File {
    bool durable = false;  // there after a cut for sure
    bool removed = false;  // by a removal that was not synced yet
    Bytes synced;
    std::vector<DiskStep> pending;  // since its last sync
  };
  std::map<std::string, File> files_;
};

}  // namespace steward::fault
