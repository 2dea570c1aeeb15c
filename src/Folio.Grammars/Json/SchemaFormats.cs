namespace Folio.Grammars;

/// <summary>Formats as regular expressions: exact where the format is regular (dates with leap years, times, UUIDs, IP addresses, …).</summary>
/// <remarks>
/// Sources: RFC 3339 (date, time, date-time, duration), RFC 4122, RFC 2673/4291, RFC 5321, RFC 1123, RFC 3986
/// RFC 6901. A leap second is written only as 23:59:60Z.
/// </remarks>
internal static class SchemaFormats
{
    private const string Date =
        @"(?:[0-9]{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)|02-(?:0[1-9]|1[0-9]|2[0-8]))"
        + @"|(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])|(?:[02468][048]|[13579][26])00)-02-29)";

    private const string Time = @"(?:(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]+)?(?:[Zz]|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])|23:59:60(?:\.[0-9]+)?(?:[Zz]|[+-]00:00))";
    private const string Octet = "(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])";
    private const string IPv4 = @"(?:" + Octet + @"(?:\." + Octet + "){3})";
    private const string H16 = "[0-9A-Fa-f]{1,4}";
    private const string Ls32 = "(?:" + H16 + ":" + H16 + "|" + IPv4 + ")";

    private const string IPv6 =
        "(?:(?:" + H16 + ":){6}" + Ls32 + "|::(?:" + H16 + ":){5}" + Ls32 + "|(?:" + H16 + ")?::(?:" + H16 + ":){4}" + Ls32
        + "|(?:(?:" + H16 + ":){0,1}" + H16 + ")?::(?:" + H16 + ":){3}" + Ls32 + "|(?:(?:" + H16 + ":){0,2}" + H16 + ")?::(?:" + H16 + ":){2}" + Ls32
        + "|(?:(?:" + H16 + ":){0,3}" + H16 + ")?::" + H16 + ":" + Ls32 + "|(?:(?:" + H16 + ":){0,4}" + H16 + ")?::" + Ls32
        + "|(?:(?:" + H16 + ":){0,5}" + H16 + ")?::" + H16 + "|(?:(?:" + H16 + ":){0,6}" + H16 + ")?::)";

    private const string Alnum = "[A-Za-z0-9]";
    private const string AlnumDash = "[A-Za-z0-9-]";

    /// <summary>Without -- in the third and fourth place: those are encoded names (RFC 5890), which aren't written.</summary>
    private const string Label = "(?:" + Alnum + "(?:" + AlnumDash + "?" + Alnum + ")?|" + Alnum + AlnumDash + "(?:" + AlnumDash + Alnum + "|(?:" + Alnum + AlnumDash + "|-" + Alnum + ")" + AlnumDash + "{0,58}" + Alnum + "))";
    private const string HostName = "(?:" + Label + @"(?:\." + Label + ")*)";
    private const string Atom = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+";
    private const string UriChar = @"(?:[A-Za-z0-9._~!$&'()*+,;=:@/-]|%[0-9A-Fa-f]{2})";
    private const string UriTail = @"(?:\?(?:" + UriChar + @"|\?)*)?(?:#(?:" + UriChar + @"|\?)*)?";
    private const string Scheme = "[A-Za-z][A-Za-z0-9+.-]*";
    private const string Authority = @"//(?:(?:[A-Za-z0-9._~!$&'()*+,;=:-]|%[0-9A-Fa-f]{2})*@)?(?:\[" + IPv6 + @"\]|(?:[A-Za-z0-9._~!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*)(?::[0-9]*)?";
    private const string PathChar = "(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})";
    private const string UriPath = "(?:" + Authority + "(?:/" + PathChar + "*)*|/(?:" + PathChar + "+(?:/" + PathChar + "*)*)?|" + PathChar + "+(?:/" + PathChar + "*)*)?";
    private const string NoColonPath = "(?:" + Authority + "(?:/" + PathChar + "*)*|/(?:" + PathChar + "+(?:/" + PathChar + "*)*)?|(?:[A-Za-z0-9._~!$&'()*+,;=@-]|%[0-9A-Fa-f]{2})+(?:/" + PathChar + "*)*)?";
    private const string Pointer = "(?:/(?:[^~/]|~[01])*)*";

    /// <returns>Null if the format isn't supported.</returns>
    public static string? Pattern(string format) => format switch
    {
        "date" => Date,
        "time" => Time,
        "date-time" => Date + "[Tt]" + Time,
        "duration" => "P(?:[0-9]+W|(?:[0-9]+Y(?:[0-9]+M(?:[0-9]+D)?)?|[0-9]+M(?:[0-9]+D)?|[0-9]+D)(?:T(?:[0-9]+H(?:[0-9]+M(?:[0-9]+S)?)?|[0-9]+M(?:[0-9]+S)?|[0-9]+S))?|T(?:[0-9]+H(?:[0-9]+M(?:[0-9]+S)?)?|[0-9]+M(?:[0-9]+S)?|[0-9]+S))",
        "uuid" => "[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}",
        "ipv4" => IPv4,
        "ipv6" => IPv6,
        "email" => "(?:" + Atom + @"(?:\." + Atom + @")*|""(?:[ !#-\[\]-~]|\\[ -~])*"")@(?:" + HostName + @"|\[(?:" + IPv4 + "|IPv6:" + IPv6 + @")\])",
        "hostname" => HostName,
        "uri" => Scheme + ":" + UriPath + UriTail,
        "uri-reference" => "(?:" + Scheme + ":" + UriPath + "|" + NoColonPath + ")" + UriTail,
        "json-pointer" => Pointer,
        "relative-json-pointer" => "(?:0|[1-9][0-9]*)(?:#|" + Pointer + ")",
        _ => null,
    };

    /// <summary>How long a text of the format may be; null: as long as it likes.</summary>
    public static int? MostCharacters(string format) => format == "hostname" ? 253 : null;

    /// <summary>Formats of OpenAPI that say how a value is kept or shown, and nothing about its text.</summary>
    public static bool IsNote(string format) => format is "int32" or "int64" or "float" or "double" or "password" or "binary" or "byte" or "path";
}
