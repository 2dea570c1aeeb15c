using System.Globalization;
using System.Text;

namespace Folio.Tokenization.Templates;

/// <summary>datetime.strftime in the C locale.</summary>
internal static class Strftime
{
    public static string Format(Rendering run, string format, DateTimeOffset now)
    {
        run.Characters(format.Length * 8L);
        var text = new StringBuilder();
        for (int i = 0; i < format.Length; i++)
        {
            if (format[i] != '%' || i + 1 == format.Length)
            {
                text.Append(format[i]);
                continue;
            }

            bool unpadded = format[++i] == '-' && i + 1 < format.Length;
            if (unpadded) i++;
            string field = Field(format[i], now);
            text.Append(unpadded ? field.TrimStart('0') is { Length: > 0 } some ? some : "0" : field);
        }

        return text.ToString();
    }

    private static string Field(char field, DateTimeOffset now)
    {
        string In(string pattern) => now.ToString(pattern, CultureInfo.InvariantCulture);
        return field switch
        {
            'a' => In("ddd"),
            'A' => In("dddd"),
            'b' or 'h' => In("MMM"),
            'B' => In("MMMM"),
            'c' => $"{In("ddd MMM")} {now.Day,2} {In("HH:mm:ss yyyy")}",
            'C' => $"{now.Year / 100:00}",
            'd' => In("dd"),
            'D' or 'x' => In("MM'/'dd'/'yy"),
            'e' => $"{now.Day,2}",
            'f' => In("ffffff"),
            'F' => In("yyyy-MM-dd"),
            'G' => $"{ISOWeek.GetYear(now.DateTime):0000}",
            'H' => In("HH"),
            'I' => In("hh"),
            'j' => $"{now.DayOfYear:000}",
            'm' => In("MM"),
            'M' => In("mm"),
            'n' => "\n",
            'p' => In("tt"),
            'r' => In("hh:mm:ss tt"),
            'R' => In("HH:mm"),
            's' => $"{now.ToUnixTimeSeconds()}",
            'S' => In("ss"),
            't' => "\t",
            'T' or 'X' => In("HH:mm:ss"),
            'u' => $"{((int)now.DayOfWeek + 6) % 7 + 1}",
            'U' => $"{(now.DayOfYear + 6 - (int)now.DayOfWeek) / 7:00}",
            'V' => $"{ISOWeek.GetWeekOfYear(now.DateTime):00}",
            'w' => $"{(int)now.DayOfWeek}",
            'W' => $"{(now.DayOfYear + 6 - ((int)now.DayOfWeek + 6) % 7) / 7:00}",
            'y' => In("yy"),
            'Y' => In("yyyy"),
            'z' or 'Z' => "", // datetime.now() knows no zone
            '%' => "%",
            _ => "%" + field,
        };
    }
}
