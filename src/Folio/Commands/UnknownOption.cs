using System.CommandLine;
using System.CommandLine.Parsing;
using System.Text.RegularExpressions;

namespace Folio.Commands;

/// <summary>A mistyped option, which the parser takes for a MODEL or a PROMPT. Behind -- stands what is meant as an argument, whatever it looks like.</summary>
internal static partial class UnknownOption
{
    /// <returns>The first, without a value behind =; null where there is none.</returns>
    public static string? In(ParseResult parsed)
    {
        var taken = parsed.CommandResult.Children.OfType<ArgumentResult>().SelectMany(argument => argument.Tokens).Select(token => token.Value);
        HashSet<string> candidates = [.. taken, .. parsed.UnmatchedTokens];
        return parsed.Tokens.TakeWhile(token => token.Type != TokenType.DoubleDash)
            .Where(token => token.Type == TokenType.Argument && token.Value.StartsWith('-') && candidates.Contains(token.Value))
            .Select(token => Form().Match(token.Value)).FirstOrDefault(match => match.Success)?.Groups["name"].Value;
    }

    /// <returns>The words that call the command: folio bench serve.</returns>
    public static IEnumerable<string> CommandOf(ParseResult parsed)
    {
        List<string> words = [];
        for (SymbolResult? result = parsed.CommandResult; result is CommandResult { Command: var command }; result = result.Parent) words.Add(command is RootCommand ? "folio" : command.Name);
        return words.AsEnumerable().Reverse();
    }

    [GeneratedRegex("^(?<name>--?[A-Za-z][A-Za-z0-9-_]*)(=.*)?$")]
    private static partial Regex Form();
}
