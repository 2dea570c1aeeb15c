namespace Folio.Chat.Tests;

public sealed class StreamingTests
{
    private static readonly MessageFormat Hermes = new(ToolFormat.Hermes, ReasoningFormat.Think);

    [Fact]
    public void The_arguments_of_an_offered_tool_come_as_they_are_written()
    {
        MessageParser parser = Hermes.CreateParser(new() { Tools = [new("f")] });
        Assert.Empty(parser.Append("<tool_call>\n{\"name\": \"f\", \"arguments\": "));
        MessageDelta[] first = [.. parser.Append("{\"city\": \"Be")];
        Assert.Equal([DeltaKind.Call, DeltaKind.Arguments], first.Select(delta => delta.Kind));
        Assert.Equal(("f", "{\"city\": \"Be"), (first[0].Text, first[1].Text));
        Assert.Equal("rn\"}", Assert.Single(parser.Append("rn\"}}\n</tool_call>")).Text);
        Assert.Empty(parser.End());
    }

    [Fact]
    public void A_call_of_an_unknown_name_is_told_when_it_is_whole()
    {
        MessageParser parser = Hermes.CreateParser(new() { Tools = [new("f")] });
        Assert.Empty(parser.Append("<tool_call>{\"name\": \"g\", \"arguments\": {\"a\": 1}"));
        Assert.Equal(["g", "{\"a\": 1}"], parser.Append("}").Select(delta => delta.Text));
    }

    [Theory]
    [InlineData("<tool_c")]
    [InlineData("<tool_call>\n{\"name\": \"")]
    [InlineData("<tool_call>\n{\"name\": \"f\", \"argu")]
    public void A_forced_call_that_is_cut_off_before_its_arguments_leaves_nothing(string text) =>
        Assert.Equal("content 0:\nreasoning 0:\n", Message.Parse(Hermes, new() { Tools = [new("f")], IsForced = true }, text).ToString());

    [Fact]
    public void A_forced_call_that_is_cut_off_keeps_the_arguments_that_it_has()
    {
        var message = Message.Parse(Hermes, new() { Tools = [new("f")], IsForced = true }, "<tool_call>\n{\"name\": \"f\", \"arguments\": {\"a\": \"b");
        Assert.Equal(("f", "{\"a\": \"b"), Assert.Single(message.Calls));
        Assert.Empty(message.Content);
    }

    [Fact]
    public void Text_is_held_back_only_while_it_could_begin_a_mark()
    {
        MessageParser parser = Hermes.CreateParser(new() { Tools = [] });
        Assert.Equal("a", Assert.Single(parser.Append("a <tool")).Text);
        Assert.Equal(" <tools", Assert.Single(parser.Append("s")).Text);
    }

    [Fact]
    public void Calls_beyond_the_wanted_number_are_dropped()
    {
        const string two = "<tool_call>{\"name\":\"f\",\"arguments\":{}}</tool_call><tool_call>{\"name\":\"g\",\"arguments\":{}}</tool_call>";
        Assert.Equal(("f", "{}"), Assert.Single(Message.Parse(Hermes, new() { Tools = [], MaxCalls = 1 }, two).Calls));
    }

    [Fact]
    public void An_offered_call_that_goes_wrong_hands_its_arguments_over_as_they_are()
    {
        var message = Message.Parse(Hermes, new() { Tools = [new("f")] }, "<tool_call>{\"name\":\"f\",\"arguments\":{\"a\": oops}}</tool_call> bye");
        Assert.Equal(("f", "{\"a\": oops}}"), Assert.Single(message.Calls));
        Assert.Equal("bye", message.Content.Trim());
    }

    [Fact]
    public void A_call_keeps_the_id_that_the_model_gave_it()
    {
        var message = Message.Parse(new(ToolFormat.MistralNamed, null), new() { Tools = [] }, "[TOOL_CALLS]f[CALL_ID]a1b2c3d4e[ARGS]{}[TOOL_CALLS]g[ARGS]{}");
        Assert.Equal(["a1b2c3d4e", "id-0"], message.Ids);
        Assert.Matches("^[a-zA-Z0-9]{9}$", ToolCallIds.NewMistral());
        Assert.Matches("^chatcmpl-tool-[0-9a-f]{16}$", ToolCallIds.New());
    }
}
