using System.Diagnostics;
using System.Text;

namespace Folio.Chat.Tests;

/// <summary>What holds of any text, in any format.</summary>
public sealed class LawTests
{
    [Fact]
    public void However_a_text_is_cut_the_message_is_the_same()
    {
        int first = Random.Shared.Next();
        for (int seed = first; seed < first + 20_000; seed++)
        {
            var hostile = new HostileText(seed);
            (MessageFormat format, ParserOptions options, string text) = (hostile.Format(), hostile.Options(), hostile.Text());
            string whole = Message.Parse(format, options, text).ToString();
            string cut = Message.Parse(format, options, hostile.Cut(text)).ToString();
            Assert.True(whole == cut, $"seed {seed}, {format.Tools?.Name}, {format.Reasoning?.Name}, {options}\n{text}\nwhole:\n{whole}\ncut:\n{cut}");
        }
    }

    [Fact]
    public void What_is_no_markup_is_content_unchanged()
    {
        const string text = "  A text with {braces}, <tags>, [lists], 'quotes' and \"more\"; a < b | c.\n\n  - no call (at all)\n";
        foreach (ToolFormat format in ToolFormat.ByName.Values)
        {
            var message = Message.Parse(new(format, null), new() { Tools = [] }, text.Select(c => c.ToString()));
            Assert.Equal(text.Trim(), message.Content.Trim());
            Assert.Empty(message.Calls);
        }
    }

    public static TheoryData<string, string> Bombs => new()
    {
        { "<", "<tool_call>" },
        { "<tool_call>", "<tool_call>" },
        { "<tool_call>{\"a\":\"", "<tool_call>{'" },
        { "<tool_call>{\"name\":\"f\",\"arguments\":{\"a\":\"", "<" },
        { "[", "[" },
        { "[f(", "'(" },
        { "[f(a=", "[" },
        { "[TOOL_CALLS]", "[TOOL_CALLS]" },
        { "[TOOL_CALLS]f[CALL_ID]", "[" },
        { "<｜tool▁calls▁begin｜>", "<｜tool▁call▁begin｜>" },
        { "<|tool_call|>[", "{\"a\":" },
        { "<|channel|>", "<|channel|>" },
        { "<|channel|>commentary to=functions.f<|message|>{\"a\":\"", "<|call|" },
        { "<function=f>", "<parameter=a>\n</parameter>" },
        { "<function=f><parameter=a>", "</parameter" },
        { "<think>", "</think" },
        { "", " " },
        { "", "\n<" },
        { "{\"a\":", "[" },
        { "{\"a\":[", "1," },
    };

    [Theory, MemberData(nameof(Bombs))]
    public void A_megabyte_of_anything_takes_time_linear_in_it(string start, string unit)
    {
        var text = new StringBuilder(start);
        while (text.Length < 1 << 20) text.Append(unit);
        string[] single = [.. text.ToString().Chunk(5).Select(piece => new string(piece))];
        var clock = Stopwatch.StartNew();
        foreach (ToolFormat format in ToolFormat.ByName.Values.Distinct()) Message.Parse(new(format, ReasoningFormat.Think), new() { Tools = [new("f")] }, single);
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(60), $"{clock.Elapsed.TotalSeconds:0.0} s for 10 MB"); // seconds; quadratic would be hours
    }
}
