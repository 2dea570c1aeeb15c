using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;

namespace Folio.Commands;

/// <summary>Options of each kind of value. A wrong value is answered with a sentence: what was given and what was expected.</summary>
internal static class OptionOf
{
    public static Option<int?> Integer(string name, string description, int least = 1, int most = int.MaxValue, string? alias = null) => Of<int?>(name, alias, description, (text, result) =>
    {
        if (!int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int value)) result.AddError($"{name} is '{text}'; a whole number was expected.");
        else if (value < least) result.AddError($"{name} is {value}; it must be at least {least}.");
        else if (value > most) result.AddError($"{name} is {value}; it must be at most {most}.");
        return value;
    });

    public static Option<long?> Seed(string name, string description) => Of<long?>(name, null, description, (text, result) =>
    {
        if (!long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long value)) result.AddError($"{name} is '{text}'; a whole number was expected.");
        return value;
    });

    public static Option<float?> Number(string name, string description, string? alias = null) => Of<float?>(name, alias, description, (text, result) =>
    {
        if (!float.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out float value)) result.AddError($"{name} is '{text}'; a number was expected.");
        return value;
    });

    /// <summary>A number above 0, or inf.</summary>
    public static Option<double?> Positive(string name, string description) => Of<double?>(name, null, description, (text, result) =>
    {
        if (text == "inf") return double.PositiveInfinity;
        if (!double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double value)) result.AddError($"{name} is '{text}'; a number or inf was expected.");
        else if (!(value > 0)) result.AddError($"{name} is {text}; it must be above 0.");
        return value;
    });

    public static Option<long?> Size(string name, string description, bool mayBeZero = false, string? alias = null) => Of<long?>(name, alias, description, (text, result) =>
    {
        if (!ByteSize.TryParse(text, out long bytes) || (bytes == 0 && !mayBeZero)) result.AddError($"{name}: '{text}' is not a size of memory; write it like 512MiB or 4G.");
        return bytes;
    });

    /// <summary>A share of something: above 0, and 1 at most.</summary>
    public static Option<double?> Share(string name, string description) => Of<double?>(name, null, description, (text, result) =>
    {
        if (!double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double value)) result.AddError($"{name} is '{text}'; a share was expected: a number above 0, and 1 at most.");
        else if (value is not (> 0 and <= 1)) result.AddError($"{name} is {text}; it must be above 0, and 1 at most.");
        return value;
    });

    public static Option<T?> Choice<T>(string name, string description, params (string Word, T Value)[] choices)
        where T : struct =>
        Named<T?>(name, description, [.. choices.Select(choice => (choice.Word, (T?)choice.Value))]);

    /// <summary>A choice of which one word may mean what no word means.</summary>
    public static Option<T?> Named<T>(string name, string description, IReadOnlyList<(string Word, T Value)> choices)
    {
        string[] words = [.. choices.Select(choice => choice.Word)];
        Option<T?> option = Of<T?>(name, null, description, (text, result) =>
        {
            int index = Array.IndexOf(words, text);
            if (index >= 0) return choices[index].Value;
            result.AddError($"{name} is '{text}'; {string.Join(", ", words[..^1])} or {words[^1]} was expected.");
            return default;
        });
        option.HelpName = string.Join('|', words);
        option.CompletionSources.Add(words);
        return option;
    }

    /// <summary>One of many words, too many to be shown as the option's value.</summary>
    public static Option<string?> Word(string name, string description, params string[] words)
    {
        Option<string?> option = Of<string?>(name, null, $"{description}: {string.Join(", ", words)}.", (text, result) =>
        {
            if (!words.Contains(text)) result.AddError($"{name} is '{text}'; {string.Join(", ", words[..^1])} or {words[^1]} was expected.");
            return text;
        });
        option.HelpName = "NAME";
        option.CompletionSources.Add(words);
        return option;
    }

    /// <summary>What is given for an option, for validators: GetValue throws where the parser has found the option wrong, which is told anyway.</summary>
    /// <returns>Null: nothing, or not one word.</returns>
    public static string? TextOf(SymbolResult? result) => result is { Tokens: [Token word] } ? word.Value : null;

    private static Option<T> Of<T>(string name, string? alias, string description, Func<string, ArgumentResult, T> parse)
    {
        var option = new Option<T>(name) { Description = description, CustomParser = result => parse(result.Tokens[0].Value, result) };
        if (alias is not null) option.Aliases.Add(alias);
        return option;
    }
}
