#pragma once
#include <filesystem>
#include <fstream>
#include <map>
#include <string>

namespace steward {

/// The smallest estate with everything in it: two flats, their electricity
/// meters under a master, and the difference shared by area.
///
/// June 2026: flat 101 uses 100 kWh, 102 uses 50, the master 153: 3 kWh of loss,
/// 2 to 101 (60 m²) and 1 to 102 (30 m²), all at 0.50 yuan: 51.00 and 25.50.
inline std::map<std::string, std::string> tiny_estate(bool with_readings) {
  std::map<std::string, std::string> files{
      {"estate.csv", "estate,name,utc_offset_minutes,vacant_account\ntiny,小院,480,landlord\n"},
      {"nodes.csv", "node,parent,kind,name\ntiny,,estate,小院\n"},
      {"units.csv", "unit,node,kind,area_m2\n101,tiny,flat,60\n102,tiny,flat,30\n"},
      {"points.csv",
       "point,parent,medium,use,unit,tariff,name\n"
       "e,,electricity,master,,,总表\n"
       "e-101,e,electricity,unit,101,home,101\n"
       "e-102,e,electricity,unit,102,home,102\n"},
      {"installs.csv",
       "point,meter,channel,from,to,multiplier,opening,closing\n"
       "e,M0,energy_import,2026-01-01,,1,,\n"
       "e-101,M1,energy_import,2026-01-01,,1,,\n"
       "e-102,M2,energy_import,2026-01-01,,1,,\n"},
      {"tariffs.csv",
       "tariff,medium,valid_from,period,tier,upto,price\n"
       "home,electricity,2026-01-01,month,1,,0.50\n"},
      {"pools.csv",
       "pool,point,node,basis,share,tariff,name\n"
       "loss,e,tiny,area,quantity,home,线损\n"},
      {"occupancies.csv", "unit,account,name,from,to\n101,wang,王伟,2026-01-01,\n102,li,李娜,2026-01-01,\n"}};
  if (with_readings) {
    files["readings.csv"] =
        "meter,channel,at,value,source\n"
        "M0,energy_import,2026-06-01,1000,manual\nM0,energy_import,2026-07-01,1153,manual\n"
        "M1,energy_import,2026-06-01,10,manual\nM1,energy_import,2026-07-01,110,manual\n"
        "M2,energy_import,2026-06-01,20,manual\nM2,energy_import,2026-07-01,70,manual\n";
  }
  return files;
}

inline void write_estate(const std::filesystem::path& folder,
                         const std::map<std::string, std::string>& files) {
  std::filesystem::create_directories(folder);
  for (const auto& [name, text] : files) std::ofstream(folder / name, std::ios::binary) << text;
}

}  // namespace steward
