using System.Text;
using Folio.Chat;

namespace Folio.Server.Tests;

public sealed class BlockSplitterTests
{
    private static readonly MessageFormat Format = new(ToolFormat.Hermes, ReasoningFormat.Think);

    private static readonly string[] Pieces =
        ["<think>", "</think>", "hm, ", "Hello", "\n\n", " ", "<tool_call>", "</tool_call>", """{"name": "f", "arguments": {"a": 1}}""", """{"name": "f", "arguments": {"a": """, """{"name": "unheard_of", "arguments": {}}""", "😀", "<"];

    [Fact]
    public void Thoughts_texts_and_calls_are_blocks_of_their_own()
    {
        IReadOnlyList<ContentBlock> blocks = Fold(Split("""<think>hm</think>Let me see. <tool_call>{"name": "f", "arguments": {"a": 1}}</tool_call> <tool_call>{"name": "f", "arguments": {}}</tool_call>""", 3));
        Assert.Equal([BlockKind.Thinking, BlockKind.Text, BlockKind.ToolUse, BlockKind.ToolUse], blocks.Select(block => block.Kind));
        Assert.Equal(["hm", "Let me see.", """{"a": 1}""", "{}"], blocks.Select(block => block.Text));
        Assert.NotEmpty(blocks[0].Signature!);
        Assert.Equal(("f", "f"), (blocks[2].Name, blocks[3].Name));
        Assert.NotEqual(blocks[2].Id, blocks[3].Id);
    }

    [Fact]
    public void An_empty_answer_is_an_empty_text() => Assert.Equal([new ContentBlock(BlockKind.Text)], Fold(Split("", 1)));

    [Fact]
    public void Thoughts_that_are_not_wanted_leave_their_signature()
    {
        ContentBlock told = Fold(Split("<think>hm</think>4", 1))[0], omitted = Fold(Split("<think>hm</think>4", 1, omitsThinking: true))[0];
        Assert.Equal(("hm", ""), (told.Text, omitted.Text));
        Assert.Equal(told.Signature, omitted.Signature);
    }

    [Fact]
    public void However_the_text_is_cut_the_blocks_are_the_same_and_their_events_in_order()
    {
        int seed = Environment.TickCount;
        var random = new Random(seed);
        for (int run = 0; run < 3000; run++)
        {
            var text = new StringBuilder(random.Next(2) == 0 ? "<think>" : "");
            for (int i = random.Next(8); i > 0; i--) text.Append(Pieces[random.Next(Pieces.Length)]);
            string whole = text.ToString(), told = $"seed {seed}: {whole}";
            List<BlockEvent> events = Split(whole, random.Next(1, 6), random);
            AssertInOrder(events, told);
            Assert.True(Fold(Split(whole, int.MaxValue)).Select(Named).SequenceEqual(Fold(events).Select(Named)), told);
        }
    }

    private static void AssertInOrder(List<BlockEvent> events, string told)
    {
        int index = -1;
        bool isOpen = false;
        foreach (BlockEvent each in events)
        {
            if (!isOpen) index++;
            Assert.True(each.Index == index && (each.Kind == BlockEventKind.Start) == !isOpen, told);
            isOpen = each.Kind != BlockEventKind.Stop;
        }

        Assert.True(!isOpen && index >= 0, told);
    }

    /// <summary>Ids are drawn, so they differ.</summary>
    private static ContentBlock Named(ContentBlock block) => block with { Id = block.Id is null ? null : "id" };

    private static IReadOnlyList<ContentBlock> Fold(List<BlockEvent> events)
    {
        var blocks = new AnswerBlocks();
        foreach (BlockEvent each in events) blocks.Add(each);
        return blocks.Blocks;
    }

    /// <summary>The events of a text that comes in pieces.</summary>
    /// <param name="most">Characters of a piece at most.</param>
    private static List<BlockEvent> Split(string text, int most, Random? random = null, bool omitsThinking = false)
    {
        MessageParser parser = Format.CreateParser(new() { Tools = [new("f")] });
        var splitter = new BlockSplitter(omitsThinking);
        List<BlockEvent> events = [];
        for (int at = 0; at < text.Length;)
        {
            int length = int.Min(text.Length - at, random?.Next(1, most + 1) ?? most);
            foreach (MessageDelta delta in parser.Append(text.AsSpan(at, length))) splitter.Add(delta);
            events.AddRange(splitter.Drain());
            at += length;
        }

        foreach (MessageDelta delta in parser.End()) splitter.Add(delta);
        splitter.End();
        events.AddRange(splitter.Drain());
        return events;
    }
}
