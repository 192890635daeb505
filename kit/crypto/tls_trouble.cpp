#include "kit/crypto/tls_trouble.hpp"

#include <array>

#include "contract/text/instant_text.hpp"

namespace steward {
namespace {

/// A trouble's word and sentences. {peer}, {file}, {detail} and {now} are filled in.
struct Words {
  TlsTrouble trouble;
  std::string_view word;
  std::string_view en;
  std::string_view zh;
};

constexpr std::array table{
    Words{TlsTrouble::none, "none", "{peer} was reached by TLS and takes our certificate ({detail})",
          "已通过 TLS 连接 {peer}，对方接受本机证书（{detail}）"},
    Words{TlsTrouble::file_missing, "file_missing",
          "{file} cannot be read ({detail}); enrol the gateway, or put the file back",
          "无法读取 {file}（{detail}）；请为网关办理入网，或放回该文件"},
    Words{TlsTrouble::file_open, "file_open",
          "{file} is a private key that others may read; if nobody has copied it: chmod 600 {file}, "
          "otherwise ask "
          "for another certificate (enrol request)",
          "{file} 是私钥，但其他用户可读；若确认未被复制，请执行 chmod 600 {file}，否则请重新申请证书 (enrol "
          "request)"},
    Words{TlsTrouble::file_broken, "file_broken",
          "{file} is cut short or damaged: {detail}; install the enrolment again (enrol accept)",
          "{file} 不完整或已损坏：{detail}；请重新安装入网答复 (enrol accept)"},
    Words{TlsTrouble::key_differs, "key_differs",
          "{file} is not the private key of our certificate; install the enrolment again (enrol accept), or "
          "ask for "
          "another (enrol request)",
          "{file} 与本机证书不配对；请重新安装入网答复 (enrol accept)，或重新申请 (enrol request)"},
    Words{TlsTrouble::own_nameless, "own_nameless",
          "our certificate {file} has no name (CN), so the broker cannot know who we are; ask for another "
          "(enrol "
          "request)",
          "本机证书 {file} 没有名称 (CN)，消息代理无法识别身份；请重新申请 (enrol request)"},
    Words{TlsTrouble::own_name, "own_name",
          "our certificate {file} is made out to another ({detail}): the broker would let us write under "
          "that name "
          "only; install this gateway's own enrolment",
          "本机证书 {file} 属于其他网关（{detail}），消息代理只允许以该名称写入；请安装本网关自己的入网答复"},
    Words{TlsTrouble::own_purpose, "own_purpose",
          "our certificate {file} is not for a TLS client; ask for another (enrol request)",
          "本机证书 {file} 不是 TLS 客户端证书；请重新申请 (enrol request)"},
    Words{TlsTrouble::own_expired, "own_expired",
          "our certificate {file} has expired: {detail}; ask for another (enrol request), or set the clock "
          "if {now} is "
          "wrong",
          "本机证书 {file} 已过期：{detail}；请重新申请 (enrol request)；若本机时间 {now} 有误，请先校时"},
    Words{TlsTrouble::own_not_yet, "own_not_yet",
          "our certificate {file} is not valid yet: {detail}; this machine's clock says {now}: set it if it "
          "is wrong, "
          "otherwise wait or ask for another (enrol request)",
          "本机证书 {file} 尚未生效：{detail}；本机时间为 {now}：如有误请校时，否则请等待或重新申请 (enrol "
          "request)"},
    Words{
        TlsTrouble::clock, "clock",
        "this machine's clock says {now}, which cannot be, so no certificate looks valid ({detail}); give it "
        "a time "
        "server (NTP) or set it",
        "本机时间为 {now}，不可能正确，任何证书都会显示无效（{detail}）；请配置时间服务器 (NTP) 或手动校时"},
    Words{TlsTrouble::no_such_host, "no_such_host",
          "the name of {peer} cannot be found ({detail}); correct \"broker\" in the config, or mend the name "
          "server",
          "找不到 {peer} 的地址（{detail}）；请修正配置中的 \"broker\"，或检查域名服务器"},
    Words{TlsTrouble::nobody_listens, "nobody_listens",
          "nobody answers at {peer} ({detail}); check that the broker runs, its port, and the firewall",
          "{peer} 无法连接（{detail}）；请检查消息代理是否运行、端口与防火墙"},
    Words{TlsTrouble::no_answer, "no_answer",
          "{peer} was reached but says nothing in TLS; is it the broker's TLS port, and is something in "
          "between "
          "holding it up?",
          "已连上 {peer}，但对方没有 TLS 应答；请确认这是消息代理的 TLS 端口，且中间没有设备阻断"},
    Words{TlsTrouble::not_tls, "not_tls",
          "{peer} does not speak TLS ({detail}); name the broker's TLS port (8883); there is no connection "
          "without TLS",
          "{peer} 不使用 TLS（{detail}）；请改为消息代理的 TLS 端口 (8883)；本程序绝不使用明文连接"},
    Words{TlsTrouble::old_tls, "old_tls",
          "{peer} speaks no TLS 1.2 or newer ({detail}); update the broker, or its tls_version",
          "{peer} 不支持 TLS 1.2 及以上（{detail}）；请升级消息代理或修改其 tls_version"},
    Words{TlsTrouble::server_expired, "server_expired",
          "the certificate of {peer} has expired: {detail}; renew it (steward-cloud broker setup --renew), "
          "or set the "
          "clock if {now} is wrong",
          "{peer} 的证书已过期：{detail}；请更新 (steward-cloud broker setup --renew)；若本机时间 {now} "
          "有误，请先校时"},
    Words{TlsTrouble::server_not_yet, "server_not_yet",
          "the certificate of {peer} is not valid yet: {detail}; this machine's clock says {now}: set it if "
          "it is "
          "wrong, otherwise renew the certificate (steward-cloud broker setup --renew)",
          "{peer} 的证书尚未生效：{detail}；本机时间为 {now}：如有误请校时，否则请更新证书 (steward-cloud "
          "broker setup "
          "--renew)"},
    Words{TlsTrouble::server_unknown, "server_unknown",
          "the certificate of {peer} is by an authority we do not trust, or an intermediate "
          "certificate was not sent along ({detail}); is it the right broker? If its authority is new, enrol "
          "again (enrol request)",
          "{peer} "
          "的证书由本机不信任的机构签发，或未附带中间证书（{detail}）；请确认代理地址；若其签发机构已更换，"
          "请重新入网 (enrol request)"},
    Words{
        TlsTrouble::server_self_signed, "server_self_signed",
        "the certificate of {peer} is signed by itself, so anybody could have made it ({detail}); set the "
        "broker up "
        "with steward-cloud broker setup",
        "{peer} 的证书是自签名的，任何人都可伪造（{detail}）；请用 steward-cloud broker setup 配置消息代理"},
    Words{TlsTrouble::server_name, "server_name",
          "the certificate of {peer} is made out to other names ({detail}); correct \"broker\" in the "
          "config, or renew "
          "it with this name (steward-cloud broker setup --renew --host NAME)",
          "{peer} 的证书不含该名称（{detail}）；请修正配置中的 \"broker\"，或以该名称更新证书 (steward-cloud "
          "broker setup "
          "--renew --host 名称)"},
    Words{TlsTrouble::server_purpose, "server_purpose",
          "the certificate of {peer} is not for a server ({detail}): somebody's client certificate is in its "
          "place; "
          "renew it (steward-cloud broker setup --renew)",
          "{peer} 的证书不是服务器证书（{detail}），可能误用了客户端证书；请更新 (steward-cloud broker setup "
          "--renew)"},
    Words{TlsTrouble::server_weak, "server_weak",
          "the certificate of {peer} has a key or signature too weak to be believed ({detail}); renew it "
          "(steward-cloud "
          "broker setup --renew)",
          "{peer} 的证书密钥或签名强度不足（{detail}）；请更新 (steward-cloud broker setup --renew)"},
    Words{TlsTrouble::server_chain, "server_chain",
          "the certificate of {peer} leads to no authority through the certificates it sent ({detail}); put "
          "its "
          "intermediate certificates into the broker's certfile, or renew it (steward-cloud broker setup "
          "--renew)",
          "{peer} 的证书链不完整或不合法（{detail}）；请将中间证书加入代理的 certfile，或更新证书 "
          "(steward-cloud broker "
          "setup --renew)"},
    Words{
        TlsTrouble::refused_unknown, "refused_unknown",
        "{peer} does not trust the authority of our certificate {file} ({detail}); enrol with the cloud this "
        "broker "
        "belongs to (enrol request)",
        "{peer} 不信任本机证书 {file} 的签发机构（{detail}）；请向该代理所属的云端申请入网 (enrol request)"},
    Words{
        TlsTrouble::refused_expired, "refused_expired",
        "{peer} says that our certificate {file} has expired ({detail}); ask for another (enrol request), or "
        "check "
        "the broker's clock",
        "{peer} 认为本机证书 {file} 已过期（{detail}）；请重新申请 (enrol request)，或检查代理服务器的时钟"},
    Words{TlsTrouble::refused_revoked, "refused_revoked",
          "{peer} says that our certificate {file} was revoked ({detail}); ask the cloud's operator why "
          "(steward-cloud "
          "gateway list); to come back, enrol again",
          "{peer} 认为本机证书 {file} 已被吊销（{detail}）；请向云端操作员询问原因 (steward-cloud gateway "
          "list)；如需恢复，请重新入网"},
    Words{TlsTrouble::refused_bad, "refused_bad",
          "{peer} does not take our certificate {file} ({detail}); ask for another (enrol request)",
          "{peer} 不接受本机证书 {file}（{detail}）；请重新申请 (enrol request)"},
    Words{TlsTrouble::refused_missing, "refused_missing",
          "{peer} wants a certificate and got none ({detail}); enrol the gateway (enrol request)",
          "{peer} 要求客户端证书，但未收到（{detail}）；请为网关办理入网 (enrol request)"},
    Words{TlsTrouble::other, "other",
          "TLS with {peer} fails: {detail}; look into the broker's log for the same minute",
          "与 {peer} 的 TLS 连接失败：{detail}；请查看代理同一时刻的日志"},
};

const Words& words_of(TlsTrouble trouble) {
  for (const auto& words : table) {
    if (words.trouble == trouble) return words;
  }
  return table.back();
}

std::string filled(std::string_view text, const TlsScene& scene) {
  const std::array<std::pair<std::string_view, std::string>, 4> values{{{"{peer}", scene.peer},
                                                                        {"{file}", scene.file},
                                                                        {"{detail}", scene.detail},
                                                                        {"{now}", instant_text(scene.now)}}};
  std::string out(text);
  for (const auto& [key, value] : values) {
    for (auto at = out.find(key); at != std::string::npos; at = out.find(key, at + value.size()))
      out.replace(at, key.size(), value);
  }
  return out;
}

}  // namespace

std::string_view word(TlsTrouble trouble) { return words_of(trouble).word; }

TlsVerdict verdict_of(TlsTrouble trouble, const TlsScene& scene) {
  const auto& words = words_of(trouble);
  return {trouble, filled(words.en, scene), filled(words.zh, scene)};
}

}  // namespace steward
