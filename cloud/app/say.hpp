#pragma once
#include <chrono>
#include <string>
#include <string_view>

#include "cloud/app/verbs.hpp"
#include "contract/nouns/problem.hpp"
#include "contract/nouns/result.hpp"
#include "contract/text/json.hpp"

/// How verbs speak: errors in both languages on `err`, results on `out`.
namespace steward {

/// "units.csv:7: the area is ..." and its Chinese, two lines a problem. With
/// --json also {"problems":[...]} on `out`, for programs.
void say_problems(const Common& common, const Streams& streams, const Problems& problems);

/// One problem that is not in a file.
Exit say_error(const Common& common, const Streams& streams, Exit exit, std::string en, std::string zh);

/// An error of this folder's own: both sentences in one message, parted by a
/// newline, so that it can travel as a Result.
Error error_of(Fault fault, const std::string& en, const std::string& zh);

/// A fault of the store, the disk or the keys: the sentence it came with, and
/// the exit code its kind means.
Exit say_fault(const Common& common, const Streams& streams, const Error& error);

/// Reports on `err` what is going on once it has taken two seconds, and every
/// two seconds from then on. Thread: one.
class Progress {
 public:
  explicit Progress(std::ostream& err) : err_(err) {}
  void tell(std::string_view what);

 private:
  std::ostream& err_;
  std::chrono::steady_clock::time_point next_ = std::chrono::steady_clock::now() + std::chrono::seconds(2);
};

}  // namespace steward
