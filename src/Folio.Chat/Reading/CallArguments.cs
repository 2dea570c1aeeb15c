namespace Folio.Chat;

/// <summary>Reads a call's arguments, a JSON object, where its name is known already.</summary>
internal sealed class CallArguments : CallReader
{
    public CallArguments(MessageWriter message, string name, string? id = null)
        : base(message) => (Call.Name, Call.Id) = (name, id);

    protected override void Read(char c, int depth, bool inString)
    {
        Call.Append(c);
        Call.TellIfOffered();
    }
}
