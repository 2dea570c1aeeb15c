using Folio.Tokenization.Normalizing;

namespace Folio.Tokenization.Tests;

/// <summary>Form C; the reference vectors of Qwen cover it further.</summary>
public sealed class NormalizationTests
{
    [Theory]
    [InlineData("plain", "plain")]
    [InlineData("cafe\u0301", "caf\u00E9")]
    [InlineData("A\u030A \u212B \u00C5", "\u00C5 \u00C5 \u00C5")]
    [InlineData("\u1E9B\u0323", "\u1E9B\u0323")]
    [InlineData("q\u0307\u0323", "q\u0323\u0307")]
    [InlineData("\u1112\u1161\u11AB\u1100\u1173\u11AF", "\uD55C\uAE00")]
    [InlineData("\uAC00\u11A8", "\uAC01")]
    [InlineData("\u0344", "\u0308\u0301")]
    [InlineData("\u0958", "\u0915\u093C")]
    [InlineData("a\u0300\u05AE\u0315b", "\u00E0\u05AE\u0315b")]
    [InlineData("a\u0315\u0300\u05AE\u0062", "\u00E0\u05AE\u0315b")]
    [InlineData("\uD834\uDD5E", "\uD834\uDD57\uD834\uDD65")]
    [InlineData("\uD804\uDC99\uD804\uDCBA", "\uD804\uDC9A")]
    public void Composes_as_the_standard_says(string text, string composed) => Assert.Equal(composed, CanonicalComposition.Apply(text));

    [Fact]
    public void A_million_combining_marks_take_no_longer_than_sorting_them()
    {
        string marks = string.Concat(Enumerable.Repeat("\u0301\u0323", 500_000));
        Assert.Equal("\u1EB9" + new string('\u0323', 499_999) + new string('\u0301', 500_000), CanonicalComposition.Apply("e" + marks));
    }
}
