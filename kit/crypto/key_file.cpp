#include "kit/crypto/key_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <system_error>

namespace steward {
namespace {

constexpr std::size_t most_bytes = 64 * 1024;

Error cannot(const char* what, const std::filesystem::path& file) {
  const int reason = errno;
  return {Fault::broken, std::string("cannot ") + what + " " + file.string() + ": " +
                             std::generic_category().message(reason)};
}

bool write_all(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(descriptor, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return ::fsync(descriptor) == 0;
}

/// Without it a power cut may forget that the file was renamed.
Result<void> sync_folder(const std::filesystem::path& file) {
  const auto folder = file.has_parent_path() ? file.parent_path() : std::filesystem::path(".");
  const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return cannot("open the folder", folder);
  const bool synced = ::fsync(descriptor) == 0;
  const int reason = errno;
  ::close(descriptor);
  errno = reason;
  if (!synced) return cannot("keep the folder", folder);
  return {};
}

Result<void> write_file(const std::filesystem::path& file, std::string_view text, mode_t mode) {
  std::filesystem::path beside = file;
  beside += ".new";
  ::unlink(beside.c_str());  // left by a run that was killed; its mode is not ours to trust
  const int descriptor = ::open(beside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
  if (descriptor < 0) return cannot("create", beside);
  // The umask may have taken bits off 0644, and must not.
  const bool written = ::fchmod(descriptor, mode) == 0 && write_all(descriptor, text);
  const int reason = errno;
  ::close(descriptor);
  errno = reason;
  if (!written || ::rename(beside.c_str(), file.c_str()) != 0) {
    auto error = cannot("write", file);
    ::unlink(beside.c_str());
    return error;
  }
  return sync_folder(file);
}

}  // namespace

Result<void> write_secret_file(const std::filesystem::path& file, std::string_view text) {
  return write_file(file, text, 0600);
}
Result<void> write_public_file(const std::filesystem::path& file, std::string_view text) {
  return write_file(file, text, 0644);
}

Result<std::string> read_key_file(const std::filesystem::path& file) {
  errno = 0;
  std::ifstream in(file, std::ios::binary);
  if (!in) return cannot("read", file);
  std::string text(most_bytes + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (in.bad()) return cannot("read", file);
  text.resize(static_cast<std::size_t>(in.gcount()));
  if (text.size() > most_bytes)
    return Error{Fault::malformed, file.string() + " is longer than 64 KiB: not a key file"};
  return text;
}

Result<std::string> read_secret_file(const std::filesystem::path& file) {
  struct stat about = {};
  if (::stat(file.c_str(), &about) != 0) return cannot("read", file);
  constexpr mode_t others = S_IRWXG | S_IRWXO;
  if ((about.st_mode & others) != 0) {
    return Error{Fault::refused, file.string() +
                                     " is a private key that others may read; if nobody has copied it: chmod "
                                     "600 " +
                                     file.string() + ", otherwise enrol anew"};
  }
  return read_key_file(file);
}

}  // namespace steward
