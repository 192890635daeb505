#include "edge/app/meter_list_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include "contract/nouns/bytes.hpp"
#include "edge/app/load_site.hpp"
#include "edge/site/read_site.hpp"
#include "kit/crypto/digest.hpp"

namespace steward {
namespace {

Error failed(const std::string& what, const std::string& file) {
  const auto fault = errno == ENOSPC ? Fault::full : Fault::broken;
  return {fault, "cannot " + what + " " + file + ": " + std::strerror(errno)};
}

Result<void> sync_folder(const std::string& file) {
  const auto folder = std::filesystem::path(file).parent_path().string();
  const int descriptor = ::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return failed("open", folder);
  const bool synced = ::fsync(descriptor) == 0;
  auto result = synced ? Result<void>() : Result<void>(failed("sync", folder));
  ::close(descriptor);
  return result;
}

bool write_all(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const auto written = ::write(descriptor, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return ::fsync(descriptor) == 0;
}

}  // namespace

std::string next_list(const std::string& meters_file) { return meters_file + ".next"; }

std::string list_mark_text(std::string_view list) { return hex(sha256(bytes_of(list))); }

Result<void> write_next_list(const std::string& meters_file, std::string_view list) {
  const auto file = next_list(meters_file);
  const int descriptor = ::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (descriptor < 0) return failed("write", file);
  const bool written = write_all(descriptor, list);
  auto result = written ? Result<void>() : Result<void>(failed("write", file));
  ::close(descriptor);
  if (!result) return result;
  return sync_folder(file);
}

Result<void> put_next_list(const std::string& meters_file) {
  if (std::rename(next_list(meters_file).c_str(), meters_file.c_str()) != 0)
    return failed("replace", meters_file);
  return sync_folder(meters_file);
}

void drop_next_list(const std::string& meters_file) { ::unlink(next_list(meters_file).c_str()); }

Result<bool> finish_meter_list(const std::string& meters_file, std::string_view mark) {
  const auto next = read_text_file(next_list(meters_file), max_meter_list_bytes);
  if (!next) return false;  // nothing was under way
  if (list_mark_text(*next) != mark) {
    drop_next_list(meters_file);  // its event was never committed: it did not happen
    return false;
  }
  if (auto put = put_next_list(meters_file); !put) return std::move(put.error());
  return true;
}

}  // namespace steward
