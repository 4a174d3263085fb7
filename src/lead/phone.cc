// libphonenumber behind one C function; see phone.h.
#include "lead/phone.h"

#include <phonenumbers/logger.h>
#include <phonenumbers/phonenumber.pb.h>
#include <phonenumbers/phonenumberutil.h>

#include <unicode/uclean.h>

#include <cstring>
#include <new>
#include <string>

#include "base/memory.h"

using i18n::phonenumbers::NullLogger;
using i18n::phonenumbers::PhoneNumber;
using i18n::phonenumbers::PhoneNumberUtil;

namespace
{

void *
icu_new(const void *, size_t size)
{
    return memory_new(size);
}

void *
icu_resize(const void *, void *memory, size_t size)
{
    return memory_resize(memory, size);
}

void
icu_free(const void *, void *memory)
{
    g_free(memory);
}

// Without this a number would be taken for none when memory runs out: ICU, which libphonenumber
// matches with, then matches nothing.
void
end_without_memory()
{
    UErrorCode error = U_ZERO_ERROR;
    u_setMemoryFunctions(nullptr, icu_new, icu_resize, icu_free, &error);
    std::set_new_handler([] { memory_out("libphonenumber"); });
}

PhoneNumberUtil *
util()
{
    static PhoneNumberUtil *const instance = [] {
        end_without_memory();
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

// Most numbers are written as North America does: ten digits of which the first is none of 0 and 1,
// perhaps a 1 before them, and blanks, hyphens, dots and brackets. What Parse makes of these for the
// US is known beforehand, and it tries a dozen regular expressions to find it out.
bool
parse_north_american(const char *text, PhoneNumber *number)
{
    char digits[12] = "";
    guint n = 0;
    const bool plus = *text == '+';
    for (const char *p = text + plus; *p; p++) {
        if (strchr(" -.()", *p))
            continue;
        if (!g_ascii_isdigit(*p) || n == 11)
            return false;
        digits[n++] = *p;
    }
    const guint skip = n == 11 && digits[0] == '1' ? 1 : 0;
    if (n - skip != 10 || digits[skip] < '2' || (plus && (!skip || text[1] != '1')))
        return false;
    number->set_country_code(1);
    number->set_national_number(g_ascii_strtoull(digits + skip, nullptr, 10));
    return true;
}

bool
parse(const char *text, const char *region, PhoneNumber *number)
{
    if (strcmp(region, "US") == 0 && parse_north_american(text, number))
        return true;
    if (util()->Parse(text, region, number) != PhoneNumberUtil::NO_PARSING_ERROR)
        return false;
    number->clear_extension();
    return true;
}

// A number that is valid in the US, the first of the regions of country code 1, is valid; to ask for
// that alone takes half of the time.
bool
is_valid(const PhoneNumber &number)
{
    return is_fictional(number) ||
           (number.country_code() == 1 && util()->IsValidNumberForRegion(number, "US")) ||
           util()->IsValidNumber(number);
}

std::string
format(const PhoneNumber &number)
{
    if (number.country_code() != 1) {
        std::string text;
        util()->Format(number, PhoneNumberUtil::INTERNATIONAL, &text);
        return text;
    }
    const std::string text = std::to_string(number.national_number());
    if (text.size() != 10 || number.italian_leading_zero()) // which is a digit more
        return "";
    return "(" + text.substr(0, 3) + ") " + text.substr(3, 3) + "-" + text.substr(6);
}

} // namespace

void
phone_prepare(void)
{
    try {
        util();
    } catch (...) {
        // who asks for the first number finds out
    }
}

char *
phone_format(const char *number, const char *region)
{
    try {
        PhoneNumber parsed;
        if (!parse(number, region, &parsed) || !is_valid(parsed))
            return nullptr;
        const std::string text = format(parsed);
        return text.empty() ? nullptr : g_strdup(text.c_str());
    } catch (...) {
        return nullptr; // what the libraries below may throw
    }
}
