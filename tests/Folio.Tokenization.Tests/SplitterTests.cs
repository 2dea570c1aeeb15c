using System.Text.RegularExpressions;
using Folio.Tokenization.PreTokenizing;

namespace Folio.Tokenization.Tests;

/// <summary>Split patterns against .NET's own regular expressions, where those mean the same (texts without surrogates).</summary>
public sealed class SplitterTests
{
    public static TheoryData<string> Patterns => [SplitPatterns.Gpt2, SplitPatterns.Qwen2, SplitPatterns.O200k, SplitPatterns.Tekken, SplitPatterns.DeepSeekV3, SplitPatterns.DigitsInThrees, SplitPatterns.Cjk];

    [Theory, MemberData(nameof(Patterns))]
    public void Matches_and_gaps_are_those_of_the_regular_expression(string pattern)
    {
        var splitter = new Splitter(pattern);
        string[] texts = [.. Vectors.Of("smollm2").Texts.Select(vector => vector.Text).Where(text => !text.Any(char.IsSurrogate))];
        Check.All([.. texts, string.Concat(texts)], text => Assert.Equal(ByRegex(text, pattern), Pieces(splitter, text)));
    }

    [Fact]
    public void A_pattern_that_would_run_for_ever_is_stopped()
    {
        string ways = string.Concat(Enumerable.Repeat("(?:a|a)", 40)) + "b";
        Assert.Throws<TokenizerException>(() => Pieces(new Splitter(ways), new string('a', 60)));
        Assert.Throws<TokenizerException>(() => Pieces(new Splitter("[^b]*+b|c"), new string('c', 100_000)));
    }

    [Theory]
    [InlineData(SplitBehavior.Isolated, "the|-|final|-|-|countdown")]
    [InlineData(SplitBehavior.Removed, "the|final|countdown")]
    [InlineData(SplitBehavior.MergedWithPrevious, "the-|final-|-|countdown")]
    [InlineData(SplitBehavior.MergedWithNext, "the|-final|-|-countdown")]
    [InlineData(SplitBehavior.Contiguous, "the|-|final|--|countdown")]
    internal void Matches_go_where_the_behavior_says(SplitBehavior behavior, string pieces)
    {
        // The example of Hugging Face's documentation of SplitDelimiterBehavior.
        Assert.Equal(pieces.Split('|'), Pieces(new Splitter("-", behavior), "the-final--countdown"));
    }

    [Fact]
    public void An_inverted_pattern_that_removes_keeps_its_matches() =>
        Assert.Equal(["12", "3"], Pieces(new Splitter(@"\d{1,2}", SplitBehavior.Removed, invert: true), "a12b3c"));

    [Theory]
    [InlineData("(a+)+b", "a repeated group")]
    [InlineData("a+?", "a lazy repeat")]
    [InlineData(@"\p{Han}+", "the property 'Han'")]
    [InlineData("[a-z&&[^b]]", "a class inside a class")]
    [InlineData("(?<=a)b", "this kind of group")]
    [InlineData("a)", "an unmatched ')'")]
    [InlineData("[a", "a '[' without its ']'")]
    [InlineData("(a", "a '(' without its ')'")]
    [InlineData(@"\bword", @"'\b'")]
    public void A_pattern_that_is_not_understood_is_refused_with_the_reason(string pattern, string reason)
    {
        var error = Assert.Throws<TokenizerException>(() => new Splitter(pattern));
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_pattern_that_is_quadratic_in_the_text_is_stopped() =>
        Assert.Throws<TokenizerException>(() => Pieces(new Splitter("a*b|a"), new string('a', 1_000_000)));

    private static List<string> Pieces(Splitter splitter, string text)
    {
        List<string> pieces = [];
        Splitter.Walk walk = splitter.Start(text);
        while (walk.MoveNext(out int start, out int end)) pieces.Add(text[start..end]);
        return pieces;
    }

    private static List<string> ByRegex(string text, string pattern)
    {
        List<string> pieces = [];
        int last = 0;
        foreach (Match match in Regex.Matches(text, pattern, RegexOptions.CultureInvariant))
        {
            if (match.Index > last) pieces.Add(text[last..match.Index]);
            pieces.Add(match.Value);
            last = match.Index + match.Length;
        }

        if (last < text.Length) pieces.Add(text[last..]);
        return pieces;
    }
}
