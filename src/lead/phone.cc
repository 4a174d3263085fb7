// libphonenumber behind one C function; see phone.h.
#include "lead/phone.h"

#include <phonenumbers/logger.h>
#include <phonenumbers/phonenumber.pb.h>
#include <phonenumbers/phonenumberutil.h>

#include <string>

using i18n::phonenumbers::NullLogger;
using i18n::phonenumbers::PhoneNumber;
using i18n::phonenumbers::PhoneNumberUtil;

namespace
{

PhoneNumberUtil *
util()
{
    static PhoneNumberUtil *const instance = [] {
        PhoneNumberUtil *made = PhoneNumberUtil::GetInstance();
        made->SetLogger(new NullLogger); // it takes ownership
        return made;
    }();
    return instance;
}

// NXX-555-01XX is reserved for fiction and documentation; metadata may call it invalid.
bool
is_fictional(const PhoneNumber &number)
{
    if (number.country_code() != 1)
        return false;
    const guint64 national = number.national_number();
    const guint64 area = national / 10000000;
    return area >= 200 && area <= 999 && area % 100 != 11 && national / 100 % 100000 == 55501;
}

std::string
format(const PhoneNumber &number)
{
    std::string text;
    if (number.country_code() != 1) {
        util()->Format(number, PhoneNumberUtil::INTERNATIONAL, &text);
        return text;
    }
    util()->GetNationalSignificantNumber(number, &text);
    if (text.size() != 10)
        return "";
    return "(" + text.substr(0, 3) + ") " + text.substr(3, 3) + "-" + text.substr(6);
}

} // namespace

char *
phone_format(const char *number, const char *region)
{
    try {
        PhoneNumber parsed;
        if (util()->Parse(number, region, &parsed) != PhoneNumberUtil::NO_PARSING_ERROR)
            return nullptr;
        parsed.clear_extension();
        if (!util()->IsValidNumber(parsed) && !is_fictional(parsed))
            return nullptr;
        const std::string text = format(parsed);
        return text.empty() ? nullptr : g_strdup(text.c_str());
    } catch (...) {
        return nullptr; // std::bad_alloc and what the libraries below may throw
    }
}
