namespace Folio.Chat.Tests;

public sealed class VectorTests
{
    [Fact]
    public void Every_reference_case_parses_as_stated()
    {
        foreach (ToolCallCase one in ToolCallCase.All)
        {
            var message = Message.Parse(one.Format, one.Options, one.Text);
            Assert.True(one.Accepts(message), $"{one.Id}: {one.Text}\n{message}");
        }
    }

    [Fact]
    public void Every_reference_case_parses_the_same_in_pieces_of_any_size()
    {
        foreach (ToolCallCase one in ToolCallCase.All)
        {
            string whole = Message.Parse(one.Format, one.Options, one.Text).ToString();
            for (int size = 1; size <= one.Text.Length; size++)
            {
                var message = Message.Parse(one.Format, one.Options, one.Text.Chunk(size).Select(piece => new string(piece)));
                Assert.True(whole == message.ToString(), $"{one.Id}, pieces of {size}: {message}instead of {whole}");
            }
        }
    }

    [Fact]
    public void Every_reference_case_parses_the_same_when_its_tools_are_known_unless_it_is_broken()
    {
        foreach (ToolCallCase one in ToolCallCase.All.Where(one => one.IsWellFormed))
        {
            var unknown = Message.Parse(one.Format, one.Options, one.Text);
            ParserOptions options = one.Options.Tools is { Count: > 0 } ? one.Options : one.Options with { Tools = [.. unknown.Calls.Select(call => new ToolDefinition(call.Name))] };
            foreach (int size in (int[])[1, 2, 7, one.Text.Length])
            {
                var message = Message.Parse(one.Format, options, one.Text.Chunk(size).Select(piece => new string(piece)));
                Assert.True(one.Accepts(message), $"{one.Id}, pieces of {size}: {message}");
            }
        }
    }

    [Fact]
    public void No_mark_or_part_of_one_is_ever_streamed_as_content_of_a_well_formed_case()
    {
        foreach (ToolCallCase one in ToolCallCase.All.Where(one => one.IsWellFormed))
        {
            var message = Message.Parse(one.Format, one.Options, one.Text.Select(c => c.ToString()));
            Assert.DoesNotContain(message.Deltas, delta => delta.Kind == DeltaKind.Content && delta.Text.AsSpan().ContainsAny("<[{|"));
        }
    }

    [Fact]
    public void All_formats_of_the_vectors_are_there() => Assert.Equal(174, ToolCallCase.All.Count);
}
