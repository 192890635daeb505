#include "cloud/verify/verify_say.hpp"

#include "contract/text/json.hpp"

namespace steward {

VerifyExit say(bool json, const VerifyStreams& streams, VerifyExit exit, const std::string& en,
               const std::string& zh) {
  streams.err << "steward-verify: " << en << "\nsteward-verify：" << zh << "\n";
  if (json) {
    Json out = Json::object();
    out.set("ok", false).set("error", Json::object().set("en", en).set("zh", zh));
    streams.out << out.dump() << "\n";
  }
  return exit;
}

}  // namespace steward
